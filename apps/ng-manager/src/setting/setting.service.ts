import { Injectable } from '@nestjs/common';
import type { RouteResult } from '@sluice/api-conventions';
import {
  AppError,
  accountScope,
  formatScope,
  messageOf,
  scopeColumns,
  type RequestContext,
  type Scope,
} from '@sluice/kernel';
import type { SettingItem, SettingRequest, updateSettings } from '@sluice/ng-manager-api';
import { lineage, scopeOfRow } from '../persistence/scoped.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { ProjectService } from '../project/project.service.js';
import { SETTINGS, TOKEN_DAYS, UPLOAD_LOGS, findSetting, type SettingDefinition } from './setting-catalogue.js';
import type { SettingRow } from './setting.repository.js';

const SCOPE_NAMES = { account: 'ACCOUNT', org: 'ORGANIZATION', project: 'PROJECT' } as const;
const SOURCE_NAMES = { account: 'ACCOUNT', org: 'ORG', project: 'PROJECT' } as const;

export interface SettingFilter {
  readonly category?: string | undefined;
  readonly group?: string | undefined;
  /** False leaves out what can be set at scopes above only. */
  readonly includeParentScopes?: boolean | undefined;
}

@Injectable()
export class SettingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly projects: ProjectService,
  ) {}

  /** Settings with the value that counts at `scope`. */
  async list(scope: Scope, filter: SettingFilter): Promise<SettingItem[]> {
    const rows = await this.unitOfWork.read.settings.inLineage(scope);
    return SETTINGS.filter((definition) => isWanted(definition, scope, filter)).map((definition) =>
      present(definition, scope, rows),
    );
  }

  /** @throws AppError RESOURCE_NOT_FOUND for a setting there is not */
  async get(scope: Scope, identifier: string): Promise<{ valueType: SettingDefinition['valueType']; value: string }> {
    const { setting } = present(defined(identifier), scope, await this.unitOfWork.read.settings.inLineage(scope));
    return { valueType: setting.valueType, value: setting.value };
  }

  async areLogsUploadedViaPlatform(accountId: string): Promise<boolean> {
    return (await this.get(accountScope(accountId), UPLOAD_LOGS)).value === 'true';
  }

  /** Milliseconds an API token of the account lives that says nothing of its end; undefined for no end. */
  async tokenLifeMs(accountId: string): Promise<number | undefined> {
    const days = Number((await this.get(accountScope(accountId), TOKEN_DAYS)).value);
    return days > 0 ? days * 24 * 3_600_000 : undefined;
  }

  /** Each item by itself: one that is refused says why and leaves the others alone. */
  async update(
    ctx: RequestContext,
    scope: Scope,
    requests: readonly SettingRequest[],
  ): Promise<RouteResult<typeof updateSettings>> {
    await this.projects.requireScope(scope);
    const answers: RouteResult<typeof updateSettings> = [];
    for (const request of requests) {
      try {
        const { setting, lastModifiedAt } = await this.updateOne(ctx, scope, request);
        // The name that was asked for: two are in use for one of them.
        answers.push({
          identifier: request.identifier,
          setting: { ...setting, identifier: request.identifier },
          lastModifiedAt,
          updateStatus: true,
          errorMessage: null,
        });
      } catch (cause) {
        if (!(cause instanceof AppError) || cause.httpStatus >= 500) throw cause;
        answers.push({
          identifier: request.identifier,
          setting: null,
          lastModifiedAt: null,
          updateStatus: false,
          errorMessage: messageOf(cause),
        });
      }
    }
    return answers;
  }

  private async updateOne(ctx: RequestContext, scope: Scope, request: SettingRequest): Promise<SettingItem> {
    const definition = defined(request.identifier);
    const rows = await this.unitOfWork.read.settings.inLineage(scope);
    if (!isEditable(definition, scope, rows)) {
      throw new AppError(
        'INVALID_REQUEST',
        `setting ${definition.identifier} cannot be changed in ${formatScope(scope)}: it may be set at ${definition.allowedScopes.join(', ')}, and where the scope above allows overrides`,
      );
    }
    return this.unitOfWork.run(async (stores) => {
      const before = present(definition, scope, await stores.settings.inLineage(scope));
      if (request.updateType === 'RESTORE') await stores.settings.remove(scope, definition.identifier);
      else
        await stores.settings.put(
          scope,
          definition.identifier,
          checkedValue(definition, request.value),
          definition.canOverride && (request.allowOverrides ?? true),
        );
      const after = present(definition, scope, await stores.settings.inLineage(scope));
      const action = request.updateType === 'RESTORE' ? 'restore' : 'update';
      await stores.audit.append(ctx, {
        action,
        resourceType: 'setting',
        identifier: definition.identifier,
        scope,
        before: changeable(before),
        after: changeable(after),
      });
      return after;
    });
  }
}

/** What of a setting a person changes. */
function changeable({ setting: { name, value, allowOverrides, settingSource } }: SettingItem): object {
  return { name, value, allowOverrides, settingSource };
}

function isWanted({ category, group, allowedScopes }: SettingDefinition, scope: Scope, filter: SettingFilter): boolean {
  if (filter.category && category !== filter.category.toUpperCase()) return false;
  if (filter.group && group !== filter.group) return false;
  return filter.includeParentScopes !== false || allowedScopes.includes(SCOPE_NAMES[scope.level]);
}

function defined(identifier: string): SettingDefinition {
  const definition = findSetting(identifier);
  if (definition) return definition;
  throw new AppError(
    'RESOURCE_NOT_FOUND',
    `there is no setting "${identifier}"; there are ${SETTINGS.map((setting) => setting.identifier).join(', ')}`,
  );
}

function checkedValue(definition: SettingDefinition, value: string | null | undefined): string {
  const text = value ?? '';
  if (isValueOf(definition, text)) return text;
  throw new AppError(
    'INVALID_REQUEST',
    `"${text}" is no value of setting ${definition.identifier}; use ${valuesOf(definition)}`,
    { fields: [{ field: 'value', error: 'is not allowed' }] },
  );
}

function isValueOf({ valueType, allowedValues, range }: SettingDefinition, text: string): boolean {
  if (allowedValues && !allowedValues.includes(text)) return false;
  if (range) return /^\d{1,15}$/.test(text) && Number(text) >= range[0] && Number(text) <= range[1];
  return valueType !== 'Number' || /^-?\d+(\.\d+)?$/.test(text);
}

function valuesOf({ allowedValues, range }: SettingDefinition): string {
  if (range) return `a whole number from ${range[0]} to ${range[1]}`;
  return allowedValues?.join(' or ') ?? 'a number';
}

/** The row that counts: the narrowest one, unless a wider one forbids overrides. */
function effective(definition: SettingDefinition, scope: Scope, rows: readonly SettingRow[]): SettingRow | undefined {
  const set = lineage(scope).flatMap((one) =>
    rows.filter((row) => row.identifier === definition.identifier && formatScope(scopeOfRow(row)) === formatScope(one)),
  );
  return set.findLast(({ allowOverrides }) => !allowOverrides) ?? set[0];
}

function isEditable(definition: SettingDefinition, scope: Scope, rows: readonly SettingRow[]): boolean {
  if (!definition.allowedScopes.includes(SCOPE_NAMES[scope.level])) return false;
  const above = lineage(scope).slice(1).map(formatScope);
  return !rows.some(
    (row) =>
      row.identifier === definition.identifier && !row.allowOverrides && above.includes(formatScope(scopeOfRow(row))),
  );
}

function present(definition: SettingDefinition, scope: Scope, rows: readonly SettingRow[]): SettingItem {
  const row = effective(definition, scope, rows);
  const { orgId, projectId } = scopeColumns(scope);
  return {
    setting: {
      identifier: definition.identifier,
      name: definition.name,
      orgIdentifier: orgId,
      projectIdentifier: projectId,
      category: definition.category,
      groupIdentifier: definition.group,
      valueType: definition.valueType,
      allowedValues: definition.allowedValues && [...definition.allowedValues],
      allowOverrides: row?.allowOverrides ?? definition.canOverride,
      value: row?.value ?? definition.defaultValue,
      defaultValue: definition.defaultValue,
      settingSource: row ? SOURCE_NAMES[scopeOfRow(row).level] : 'DEFAULT',
      isSettingEditable: isEditable(definition, scope, rows),
      allowedScopes: [...definition.allowedScopes],
    },
    lastModifiedAt: row?.updatedAt.getTime() ?? null,
  };
}
