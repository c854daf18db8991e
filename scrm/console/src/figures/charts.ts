/** Charts of the auditors' figures, as configurations of Chart.js. Colours are those of the tokens. */
import type { ChartConfiguration, ChartDataset } from 'chart.js'

const BRAND = '#0d6e5f'
const QUIET = '#b9dcd4'
const STEPS = ['#b9dcd4', '#86bbb2', '#b7791f', '#b42318']

export interface Interval {
  label: string
  share: number | null
  low: number | null
  high: number | null
}

/** One value a day. Days without one leave a gap. */
export function byDay(days: string[], values: (number | null)[], label: string): ChartConfiguration {
  return {
    type: 'line',
    data: { labels: days, datasets: [{ label, data: values, borderColor: BRAND, backgroundColor: 'rgb(13 110 95 / 10%)', fill: true, borderWidth: 2, pointRadius: days.length > 45 ? 0 : 2, tension: 0.2, spanGaps: false }] },
    options: { plugins: { legend: { display: false } }, interaction: { mode: 'index', intersect: false }, scales: { y: { beginAtZero: true, ticks: { maxTicksLimit: 6 } }, x: { grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } } } },
  }
}

/** Shares as dots, each with a whisker over its interval. */
export function intervals(rows: Interval[]): ChartConfiguration {
  const known = rows.map((row) => (row.low === null || row.high === null ? null : ([row.low * 100, row.high * 100] as [number, number])))
  const whiskers: ChartDataset<'bar', ([number, number] | null)[]> = { type: 'bar', label: '95 %', data: known, backgroundColor: '#8fa3ad', barThickness: 3, order: 2 }
  const dots: ChartDataset<'line', (number | null)[]> = { type: 'line', label: '%', data: rows.map((row) => (row.share === null ? null : row.share * 100)), showLine: false, borderColor: BRAND, backgroundColor: BRAND, pointRadius: 5, pointHoverRadius: 6, order: 1 }
  return {
    type: 'bar',
    data: { labels: rows.map((row) => row.label), datasets: [whiskers, dots] },
    options: {
      indexAxis: 'y',
      plugins: { legend: { display: false }, tooltip: { callbacks: { label: (item) => worded(rows[item.dataIndex]) }, filter: (item) => item.datasetIndex === 1 } },
      interaction: { mode: 'index', axis: 'y', intersect: false },
      scales: { x: { min: 0, max: 100, ticks: { callback: (value) => `${value} %`, maxTicksLimit: 6 } }, y: { grid: { display: false } } },
    },
  } as ChartConfiguration
}

function worded(row: Interval | undefined): string {
  if (!row || row.share === null || row.low === null || row.high === null) return ''
  const [share, low, high] = [row.share, row.low, row.high].map((value) => (value * 100).toFixed(1))
  return `${share} %  (${low} – ${high} %)`
}

export interface Series {
  label: string
  data: (number | null)[]
}

/** Bars beside each other, or on top of each other; lying, so that names have room. */
export function bars(labels: string[], series: Series[], { stacked = false, unit = '' } = {}): ChartConfiguration {
  const colours = series.length > 2 ? STEPS : [BRAND, QUIET]
  return {
    type: 'bar',
    data: { labels, datasets: series.map((each, index) => ({ ...each, backgroundColor: colours[index % colours.length] ?? BRAND, maxBarThickness: 18, borderRadius: stacked ? 0 : 3 })) },
    options: {
      indexAxis: 'y',
      plugins: { legend: { display: series.length > 1, position: 'bottom', labels: { boxWidth: 10, boxHeight: 10 } } },
      interaction: { mode: 'index', axis: 'y', intersect: false },
      scales: { x: { stacked, beginAtZero: true, title: { display: unit !== '', text: unit }, ticks: { maxTicksLimit: 6, precision: unit ? undefined : 0 } }, y: { stacked, grid: { display: false } } },
    },
  }
}
