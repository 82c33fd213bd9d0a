/**
 * How many cases a property test tries: enough to find a defect sooner or later at every run of the suite.
 * TGW_PROPERTY_RUNS=20000 looks for one now.
 */
export const propertyRuns = (usual: number): number => Number(process.env['TGW_PROPERTY_RUNS'] ?? usual)
