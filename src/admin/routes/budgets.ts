import { Hono } from 'hono'
import type { ListedBudget, Standing } from '../../budgets/index.ts'
import { formatUsd } from '../../ir/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { readObject } from '../read-input.ts'

/**
 * `GET /budgets`: all that hold, with how those stand that have one counter only.
 * `GET /budgets/standing?key={id}`: how everything stands that a key draws on.
 * `POST /budgets`, `PATCH|DELETE /budgets/{id}`: with the fields of the `budgets` setting; they count at once.
 */
export const budgetsRoutes = ({ budgets }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>()
    .get('/budgets', permit('budgets:read'), async (context) => {
      const list = await budgets.list(context.get('actor').organisation)
      return context.json({
        budgets: list.map(({ budget, standings }) => ({
          ...shown(budget),
          standings: standings.map(standing),
        })),
      })
    })
    .get('/budgets/standing', permit('budgets:read'), async (context) => {
      const standings = await budgets.standingOfKey(
        context.req.query('key') ?? '',
        context.get('actor').organisation,
      )
      return context.json({ standings: standings.map(standing) })
    })
    .post('/budgets', permit('budgets:write'), async (context) => {
      const made = await budgets.create(context.get('actor').organisation, await readObject(context))
      return context.json(shown(made), 201)
    })
    .patch('/budgets/:id', permit('budgets:write'), async (context) => {
      const { organisation } = context.get('actor')
      return context.json(
        shown(await budgets.update(organisation, context.req.param('id'), await readObject(context))),
      )
    })
    .delete('/budgets/:id', permit('budgets:write'), async (context) => {
      const id = context.req.param('id')
      await budgets.remove(context.get('actor').organisation, id)
      return context.json({ id, removed: true })
    })

const shown = ({ id, organisation, source, settings }: ListedBudget) => ({
  ...{ id, organisation, source },
  ...settings,
})

const standing = ({ budget, subject, spent, reserved, resetsAt, zone }: Standing) => {
  const text = budget.unit === 'usd' ? formatUsd : String
  return {
    budget: budget.id,
    level: budget.level,
    subject,
    unit: budget.unit,
    mode: budget.mode,
    limit: text(budget.limit),
    spent: text(spent),
    reserved: text(reserved),
    zone,
    resetsAt,
  }
}
