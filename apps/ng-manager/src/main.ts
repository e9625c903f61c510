import { runApp } from '@sluice/http';
import { bootstrap } from './bootstrap.js';

await runApp('ng-manager', bootstrap);
