import { AppPlugin } from '@grafana/data';
import { Home } from './Home.tsx';

export const plugin = new AppPlugin().setRootPage(Home);
