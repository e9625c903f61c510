import { messageOf, newId, pause, projectScope, type ProjectScope } from '@sluice/kernel';
import { MOST_REMOVED, type RemovedProject } from '@sluice/ng-manager-api';
import type { Logger } from '@sluice/telemetry';
import type { AuditTrail } from '../audit/audit-trail.js';
import { interruptExecution } from '../execution/execution.repository.js';
import type { NgManager } from '../run/ng-manager.js';
import type { Sweeper } from '../run/sweeper.js';
import { ProjectContents } from './project-contents.js';
import { RemovedProjects } from './removed-projects.js';

export interface ProjectRemovalParts {
  readonly audit: AuditTrail;
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
        if (!this.isStopping) this.parts.log.warn({ error: messageOf(cause) }, 'removed projects cannot be looked up; retrying');
      });
      await pause(this.parts.intervalMs, this.closing.signal).catch(() => undefined);
    }
  }

  /** Every removed project once; one that cannot be finished yet does not hold up the others. */
  private async round(): Promise<void> {
    for (let after = 0; !this.isStopping; ) {
      const projects = await this.parts.ngManager.removedProjects(after, this.closing.signal);
      for (const project of projects) {
        if (this.isStopping) return;
        await this.remove(project).catch((cause: unknown) => {
          if (!this.isStopping) this.parts.log.warn({ error: messageOf(cause), projectId: project.projectId, position: project.position }, 'a removed project could not be emptied; retrying');
        });
      }
      const last = projects.at(-1);
      if (!last || projects.length < MOST_REMOVED) return;
      after = last.position;
    }
  }

  /** Without pipelines nothing can be started, so what runs after they are gone runs for the last time. Executions under way are aborted and wait for a later round. */
  private async remove(project: RemovedProject): Promise<void> {
    const scope = projectScope(project.accountId, project.orgId, project.projectId);
    await this.parts.audit.run(({ manager }) => new RemovedProjects(manager).add(scope, project.uniqueId, Date.now()));
    await this.repeat(() => this.removeDocuments(project, scope));
    if ((await this.abortAll(project, scope)) > 0) return;
    await this.repeat(() => this.inTurn(project, scope, (contents) => contents.removeExecutions()));
    await this.inTurn(project, scope, (contents) => contents.removeChecks());
    if (this.isStopping) return;
    await this.parts.ngManager.confirmRemovedProject(project.position, this.closing.signal);
    this.parts.log.info({ projectId: project.projectId, position: project.position }, 'a removed project is empty');
  }

  /** @param work one batch in one transaction; says how much it removed */
  private async repeat(work: () => Promise<number>): Promise<void> {
    while (!this.isStopping && (await work()) > 0);
  }

  private inTurn<T>({ uniqueId }: RemovedProject, scope: ProjectScope, work: (contents: ProjectContents) => Promise<T>): Promise<T> {
    return this.parts.audit.run(async ({ manager }) => {
      await new RemovedProjects(manager).lock(uniqueId);
      return work(new ProjectContents(manager, scope));
    });
  }

  private removeDocuments({ uniqueId, removedBy, correlationId }: RemovedProject, scope: ProjectScope): Promise<number> {
    return this.parts.audit.run(async ({ manager, record }) => {
      await new RemovedProjects(manager).lock(uniqueId);
      const events = await new ProjectContents(manager, scope).removeDocuments();
      if (events.length > 0) await record({ principal: removedBy, correlationId }, ...events);
      return events.length;
    });
  }

  /** @returns how many executions are still under way */
  private async abortAll(project: RemovedProject, scope: ProjectScope): Promise<number> {
    const { removedBy, correlationId } = project;
    const underWay = await this.inTurn(project, scope, (contents) => contents.underWay());
    for (const planExecutionId of underWay) {
      await this.parts.audit.run(async ({ manager, record }) => {
        const interrupt = { id: newId(), at: Date.now(), by: removedBy.name };
        const inForce = await interruptExecution(manager, scope, planExecutionId, interrupt);
        if (inForce === interrupt.id) await record({ principal: removedBy, correlationId }, { action: 'abort', resourceType: 'pipelineExecution', identifier: planExecutionId, scope, details: { isRemovedWith: `project ${scope.projectId}` } });
      });
      await this.parts.sweeper.tellAbort(planExecutionId);
    }
    return underWay.length;
  }
}
