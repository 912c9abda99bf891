import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { needsToken } from './api/request.ts'
import { ChartPage } from './chart/chart-page.tsx'
import { HealthPage } from './health/health-page.tsx'
import { MessagePage } from './message/message-page.tsx'
import { MessagesPage } from './messages/messages-page.tsx'
import { OperationsPage } from './operations/operations-page.tsx'
import { OverviewPage } from './overview/overview-page.tsx'
import { SearchPage } from './overview/search-page.tsx'
import { linkTo, route } from './route.ts'
import { homeQueue, overview, overviewError, refreshOverview } from './shell/facts.ts'
import { PageState } from './shell/page-state.tsx'
import { Shell } from './shell/shell.tsx'
import { SignIn } from './shell/sign-in.tsx'
import { VersionsPage } from './versions/versions-page.tsx'
import { WorkersPage } from './workers/workers-page.tsx'

export function App(): JSX.Element {
  useEffect(() => {
    void refreshOverview()
  }, [])
  const { parts } = route.value
  const title = titleOf(parts)
  useEffect(() => {
    document.title = title
  }, [title])
  if (needsToken.value) return <SignIn />
  return (
    <Shell>
      <Page />
    </Shell>
  )
}

function Page(): JSX.Element {
  const [first, second, third, fourth] = route.value.parts
  switch (first) {
    case undefined:
      return <Home />
    case 'queues':
      return <OverviewPage />
    case 'operations':
      return <OperationsPage />
    case 'workers':
      return <WorkersPage />
    case 'versions':
      return <VersionsPage />
    case 'health':
      return <HealthPage />
    case 'search':
      return <SearchPage />
    case 'q':
      if (second === undefined) return <OverviewPage />
      if (third === undefined) return <ChartPage key={second} queue={second} />
      if (third === 'messages') return <MessagesPage key={second} queue={second} />
      if (third === 'm' && fourth !== undefined)
        return <MessagePage key={`${second}/${fourth}`} queue={second} id={fourth} />
      return <NotHere />
    default:
      return <NotHere />
  }
}

function Home(): JSX.Element {
  if (!overview.value) return <PageState error={overviewError.value} what="the queues" />
  const only = homeQueue()
  return only === undefined ? <OverviewPage /> : <ChartPage key={only} queue={only} />
}

const NotHere = (): JSX.Element => (
  <p class="problem">
    There is no such page. <a href={linkTo(['queues'])}>All queues</a>
  </p>
)

function titleOf([first, second, third, fourth]: readonly string[]): string {
  const place = first === 'q' ? [fourth ?? (third === 'messages' ? 'Messages' : undefined), second] : [first]
  return [...place, 'Redrive'].filter((each) => each !== undefined).join(' · ')
}
