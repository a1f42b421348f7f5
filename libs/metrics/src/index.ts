export { DURATIONS } from './durations'
export { exposed, METRICS_PATH } from './exposed'
export { listenForMetrics, type MetricsListenerOptions, tellMetrics } from './listener'
export { watchProcess } from './process'
