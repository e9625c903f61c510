import { AppError } from '@sluice/kernel';

/** Git failed with nothing that the server has said: the mirror may be damaged, and is made afresh before this counts as an error. */
export class MirrorDamage extends AppError {}
