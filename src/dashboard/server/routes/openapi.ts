import type { Route } from '../route.ts'

/** The description of the API, made from its own table, so that it cannot say anything else. */
export function openapiRoutes(routes: readonly Route[], version: string): Route[] {
  const described: Route = {
    method: 'GET',
    path: 'openapi.json',
    action: 'read',
    summary: 'This description',
    handle: async () => document,
  }
  const document = describe([...routes, described], version)
  return [described]
}

const PARAMETERS: Readonly<Record<string, string>> = {
  q: 'The name of a queue',
  id: 'An id, encoded for a URL',
}

function describe(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = `/api/v1/${route.path.replace(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Redrive',
      version,
      description: 'Messages, queues and their machines. Times are milliseconds since 1970 by the clock of Redis.',
    },
    servers: [{ url: '../..', description: 'Where the dashboard is mounted' }],
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Failure: FAILURE },
      responses: {
        Failure: {
          description: 'What is wrong, and how to mend it',
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
        },
      },
    },
  }
}

const FAILURE = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, details: { type: 'object' } },
    },
  },
}

function operationOf({ path, summary, query = {}, body, answer }: Route): object {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETERS[name] ?? name,
    schema: { type: 'string' },
  }))
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: 'query',
    description,
    schema: { type: 'string' },
  }))
  const { also, type = 'application/json' } = answer ?? {}
  const asAsked = { description: 'As asked', content: { [type]: {} } }
  return {
    summary: `${summary}.`,
    parameters: [...inPath, ...inQuery],
    ...(body ? { requestBody: bodyOf(body) } : {}),
    responses: {
      200: asAsked,
      ...(also === undefined ? {} : { [also]: asAsked }),
      default: { $ref: '#/components/responses/Failure' },
    },
  }
}

const bodyOf = (body: Readonly<Record<string, string>>): object => ({
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: Object.fromEntries(Object.entries(body).map(([name, description]) => [name, { description }])),
      },
    },
  },
})
