/** Uses what came after Grafana 10.1. */
import { Combobox } from '@grafana/ui';

export const lacking = Combobox;
