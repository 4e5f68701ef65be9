/** How a query was evaluated, node by node: what `/api/v1/explain_query` answers. */

/** An expression of a query. Times of a node include those of its children. */
export interface ApiPlanNode {
  /** As it is written. */
  expr: string;
  kind: 'number' | 'string' | 'selector' | 'range' | 'subquery' | 'call' | 'aggregation' | 'binary' | 'unary' | 'paren';
  /** The function, aggregation or operator. */
  op?: string;
  /** Evaluation times; those of a subquery's inside are its own. */
  steps: number;
  /** The same at every step, and evaluated once. */
  once: boolean;
  /** Rows of its value. */
  series?: number;
  /** Samples in its value; of a selector those that were read. */
  samples: number;
  milliseconds: number;
  /** From when to when a selector reads, seconds. */
  reads?: { from: number; to: number };
  children: ApiPlanNode[];
}

export interface ApiQueryPlan {
  plan: ApiPlanNode;
  parseMilliseconds: number;
  /** Looking into the index, and opening what was found. */
  selectMilliseconds: number;
  evaluateMilliseconds: number;
  samplesRead: number;
  series: number;
}
