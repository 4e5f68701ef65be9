/** What `isotherm slo` can make of objectives. */
export type SloProduct = 'rules' | 'dashboard';
