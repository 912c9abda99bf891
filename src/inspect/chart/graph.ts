/** A graph as ELK takes it, and with coordinates as it gives it back: as much of it as is used here. */
export interface Graph {
  readonly id: string
  readonly layoutOptions?: Readonly<Record<string, string>>
  readonly children?: readonly Graph[]
  readonly edges?: readonly GraphEdge[]
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
}

export interface GraphEdge {
  readonly id: string
  readonly sources: readonly string[]
  readonly targets: readonly string[]
  readonly labels?: readonly GraphLabel[]
  /** The node from whose corner its points are measured. */
  readonly container?: string
  readonly sections?: readonly {
    readonly startPoint: Point
    readonly bendPoints?: readonly Point[]
    readonly endPoint: Point
  }[]
}

interface GraphLabel {
  readonly text?: string
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** Who works out the coordinates. */
export type Place = (graph: Graph) => Promise<Graph>
