/** Runs the import rules, and fails as well when nothing was read: a parser that does not fit passes in silence. */
const child = Bun.spawnSync(
  [
    process.execPath,
    '--bun',
    'node_modules/.bin/depcruise',
    'src',
    '--config',
    '.dependency-cruiser.cjs',
    '-T',
    'json',
  ],
  { stderr: 'inherit' },
)

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string }
}

const { summary }: { summary: { totalCruised: number; violations: readonly Violation[] } } = JSON.parse(
  child.stdout.toString(),
)
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`)
console.log(`imports: ${summary.totalCruised} modules, ${summary.violations.length} violations`)
process.exit(summary.totalCruised < 50 || summary.violations.length > 0 ? 1 : 0)
