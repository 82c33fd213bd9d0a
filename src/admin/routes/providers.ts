import { Hono } from 'hono'
import { defaultOrganisation } from '../../accounts/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'

/** `GET /providers`. What is shown of credentials is for their organisation alone. */
export const providersRoutes = ({ providers }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/providers', permit('providers:read'), (context) => {
    const { organisation } = context.get('actor')
    const isOperator = organisation === null || organisation === defaultOrganisation
    return context.json({
      providers: providers().map((provider) => (isOperator ? provider : { ...provider, credentials: [] })),
    })
  })
