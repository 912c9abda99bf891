import { render } from 'preact'
import { adoptToken } from './api/session.ts'
import { followAddress } from './route.ts'
import { App } from './app.tsx'
import { applyTheme } from './shell/theme.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/dialog.css'
import './styles/chart.css'
import './styles/chart-page.css'
import './styles/content.css'
import './styles/messages.css'
import './styles/message.css'
import './styles/source.css'

adoptToken()
applyTheme()
followAddress()
const place = document.querySelector('#app')
if (place) render(<App />, place)
