export { bootstrap, type RunningDelegateService } from './bootstrap.js';
