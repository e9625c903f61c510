export { failureKindOf, type FailureKind } from './failure-kind.js';
export {
  TaskEventConsumer,
  type ConsumedEvent,
  type TaskEventConsumerOptions,
  type TaskEventHandler,
  type TaskEventSource,
} from './task-event-consumer.js';
