import { Column, Entity } from 'typeorm';
import { ScopedNamedEntity } from '../persistence/named.js';

@Entity('variables')
export class VariableEntity extends ScopedNamedEntity {
  /** Text without expressions. */
  @Column({ type: 'text' })
  value!: string;
}
