/** What `isotherm check` can look at. */
export type CheckSubject = 'config' | 'rules' | 'metrics';
