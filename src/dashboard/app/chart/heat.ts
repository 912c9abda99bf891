/** From cold to hot: up to 10 ms is nothing, an hour is much. */
const HEAT_RANGE = Object.freeze({ cold: 10, hot: 3_600_000 })

/** 0 to 1, by the logarithm of the typical time spent: waits differ by orders of magnitude. */
export function heatOf(p50Ms: number | null): number {
  if (p50Ms === null || p50Ms <= HEAT_RANGE.cold) return 0
  const share = Math.log(p50Ms / HEAT_RANGE.cold) / Math.log(HEAT_RANGE.hot / HEAT_RANGE.cold)
  return Math.min(share, 1)
}

/** Pixels: one more for each doubling of the rate, so that 10 and 10,000 a second both can be read. */
export const thicknessOf = (perSecond: number): number =>
  perSecond <= 0 ? 1.3 : Math.min(1.6 + Math.log2(1 + perSecond) * 0.55, 8)
