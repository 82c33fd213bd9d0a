export { type Demands, demandsOf } from './demands.ts'
export { type Matched, type MatchParts, match } from './match.ts'
export { isExactName, isExpression, patternProblem } from './name-pattern.ts'
export { nearestNames } from './nearest-names.ts'
export {
  type HedgePolicy,
  type RoutePolicy,
  type ShadowPolicy,
  type Strategy,
  strategies,
} from './route-policy.ts'
export type { RouteQuery } from './route-query.ts'
export type { Hours, RouteConditions, RouteRule } from './route-rule.ts'
export {
  createRouteTable,
  type Match,
  type RouteStep,
  type RouteTable,
  type RouteTableSettings,
  type Target,
} from './route-table.ts'
