/** The files of `scrape_failure_log_file`, one log a file whatever number of jobs names it. */
import type { ScrapeConfig } from '../config/config.ts';
import { openJsonLog, type JsonLogFile } from '../telemetry/jsonLogFile.ts';
import type { Log } from '../telemetry/log.ts';

export class FailureLogs {
  private readonly log: Log;
  private files = new Map<string, JsonLogFile>();

  constructor(log: Log) {
    this.log = log;
  }

  /** Opens the files that the jobs name: anew at each reload, so that they can be rotated. */
  open(configs: readonly ScrapeConfig[]): void {
    this.close();
    for (const path of new Set(configs.flatMap(({ failureLogFile }) => failureLogFile ?? []))) {
      const complain = (error: string) =>
        this.log('error', 'Failed scrapes are not written to their file', { file: path, error });
      this.files.set(path, openJsonLog(path, complain));
    }
  }

  /** Every failed scrape is written, not only the first of many. */
  write({ failureLogFile, jobName }: ScrapeConfig, target: string, fault: Error): void {
    if (failureLogFile === undefined) return;
    this.files.get(failureLogFile)?.log('error', fault.message, { job_name: jobName, target });
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.files = new Map();
  }
}
