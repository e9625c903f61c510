import { messageOf, newId, pause, projectScope, type ProjectScope } from '@sluice/kernel';
import { MOST_REMOVED, type RemovedProject } from '@sluice/ng-manager-api';
import type { Logger } from '@sluice/telemetry';
import type { DataSource } from 'typeorm';
import type { AuditTrail, AuditedChange } from '../audit/audit-trail.js';
import { AuditedDocuments } from '../audit/audited-documents.js';
import type { Documents } from '../documents/documents.js';
import { interruptExecution } from '../execution/execution.repository.js';
import type { NgManager } from '../run/ng-manager.js';
import type { Sweeper } from '../run/sweeper.js';
import { ProjectContents } from './project-contents.js';
import { RemovedProjects } from './removed-projects.js';

export interface ProjectRemovalParts {
  readonly audit: AuditTrail;
  readonly dataSource: DataSource;
  readonly documents: Documents;
  readonly ngManager: NgManager;
  readonly sweeper: Sweeper;
  readonly log: Logger;
  /** Pause between two rounds. */
  readonly intervalMs: number;
}

/**
 * Removes what lies in projects that NG manager has deleted. NG manager keeps the list, and holds the name of each project until it is told here that
 * nothing is left; so this may be killed anywhere and begins again, and several processes may do it at once.
 */
export class ProjectRemoval {
  private readonly closing = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ProjectRemovalParts) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.closing.abort(new Error('the pipeline service is stopping'));
    await this.running;
  }

  private get isStopping(): boolean {
    return this.closing.signal.aborted;
  }

  private async loop(): Promise<void> {
    while (!this.isStopping) {
      await this.round().catch((cause: unknown) => {
        if (!this.isStopping)
          this.parts.log.warn({ error: messageOf(cause) }, 'removed projects cannot be looked up; retrying');
      });
      await pause(this.parts.intervalMs, this.closing.signal).catch(() => undefined);
    }
  }

  /** Every removed project once; one that cannot be finished yet does not hold up the others. */
  private async round(): Promise<void> {
    for (let after = 0; !this.isStopping;) {
      const projects = await this.parts.ngManager.removedProjects(after, this.closing.signal);
      for (const project of projects) {
        if (this.isStopping) return;
        await this.remove(project).catch((cause: unknown) => {
          if (!this.isStopping)
            this.parts.log.warn(
              { error: messageOf(cause), projectId: project.projectId, position: project.position },
              'a removed project could not be emptied; retrying',
            );
        });
      }
      const last = projects.at(-1);
      if (!last || projects.length < MOST_REMOVED) return;
      after = last.position;
    }
  }

  /** Without pipelines nothing can be started, so what runs after they are gone runs for the last time. Executions under way are aborted and wait for a later round, as do those with a task that may still be at work. */
  private async remove(project: RemovedProject): Promise<void> {
    const { uniqueId, position } = project;
    const scope = projectScope(project.accountId, project.orgId, project.projectId);
    await this.parts.audit.run(({ manager }) => new RemovedProjects(manager).add(scope, uniqueId, Date.now()));
    await this.repeat(() => this.removeDocuments(project, scope));
    if ((await this.abortAll(project, scope)) > 0) return;
    await this.repeat(() =>
      this.inTurn(uniqueId, 0, ({ manager }) => new ProjectContents(manager, scope).removeExecutions()),
    );
    if (this.isStopping) return;
    const isEmpty = await this.inTurn(uniqueId, true, async ({ manager }) => {
      const contents = new ProjectContents(manager, scope);
      if (await contents.hasExecutions()) return false;
      await contents.removeChecks();
      await new RemovedProjects(manager).markEmpty(uniqueId);
      return true;
    });
    if (!isEmpty) return;
    await this.parts.ngManager.confirmRemovedProject(position, this.closing.signal);
    this.parts.log.info({ projectId: scope.projectId, position }, 'a removed project is empty');
  }

  /** @param work one batch in one transaction; says how much it removed */
  private async repeat(work: () => Promise<number>): Promise<void> {
    while (!this.isStopping && (await work()) > 0);
  }

  /** One transaction in which nobody else works on the project. @param otherwise what is answered when nothing is left of it */
  private inTurn<T>(uniqueId: string, otherwise: T, work: (change: AuditedChange) => Promise<T>): Promise<T> {
    return this.parts.audit.run(async (change) =>
      (await new RemovedProjects(change.manager).takeTurn(uniqueId)) ? work(change) : otherwise,
    );
  }

  private async removeDocuments(
    { uniqueId, removedBy, correlationId }: RemovedProject,
    scope: ProjectScope,
  ): Promise<number> {
    const audited = new AuditedDocuments(this.parts.documents, scope.accountId);
    const remove = (): Promise<number> =>
      this.inTurn(uniqueId, 0, async ({ manager, record }) => {
        const events = await new ProjectContents(manager, scope).removeDocuments(audited);
        if (events.length > 0) await record({ principal: removedBy, correlationId }, ...events);
        return events.length;
      });
    return audited.during(() => new ProjectContents(this.parts.dataSource.manager, scope).prepare(audited), remove);
  }

  /** @returns how many executions are still under way */
  private async abortAll({ uniqueId, removedBy, correlationId }: RemovedProject, scope: ProjectScope): Promise<number> {
    const underWay = await this.inTurn<string[]>(uniqueId, [], async ({ manager, record }) => {
      const ids = await new ProjectContents(manager, scope).underWay();
      for (const identifier of ids) {
        const interrupt = { id: newId(), at: Date.now(), by: removedBy.name };
        const inForce = await interruptExecution(manager, scope, identifier, interrupt);
        if (inForce === interrupt.id)
          await record(
            { principal: removedBy, correlationId },
            {
              action: 'abort',
              resourceType: 'pipelineExecution',
              identifier,
              scope,
              details: { isRemovedWith: `project ${scope.projectId}` },
            },
          );
      }
      return ids;
    });
    for (const planExecutionId of underWay) await this.parts.sweeper.tellAbort(planExecutionId);
    return underWay.length;
  }
}
