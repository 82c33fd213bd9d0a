/**
 * Milliseconds that this process has computed so far. What a test says of the time that something takes is measured in
 * these: a machine that is busy with other things does not add to them.
 */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
