/** The program cannot start or go on, for a reason that its user can mend. Printed without a stack; exit code 1. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}
