import { runApp } from '@sluice/http';
import { bootstrap } from './bootstrap.js';

await runApp('delegate-service', bootstrap);
