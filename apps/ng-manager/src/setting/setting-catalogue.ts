/** A setting there is: its default, who may set it, and where. Pure data. */
export interface SettingDefinition {
  readonly identifier: string;
  readonly name: string;
  readonly category: string;
  readonly group: string | null;
  readonly valueType: 'String' | 'Boolean' | 'Number';
  readonly allowedValues: readonly string[] | null;
  readonly defaultValue: string;
  readonly allowedScopes: readonly ('ACCOUNT' | 'ORGANIZATION' | 'PROJECT')[];
  /** Whole numbers that are allowed, both ends included; any number when absent. */
  readonly range?: readonly [min: number, max: number];
  /** May a lower scope say something else? */
  readonly canOverride: boolean;
}

const everywhere = ['ACCOUNT', 'ORGANIZATION', 'PROJECT'] as const;

/** Log blobs go through the log service instead of a signed link to the store. */
export const UPLOAD_LOGS = 'upload_logs_via_harness';

/** Days an API token lives that neither says when it ends nor has a key that does; 0 is no end. */
export const TOKEN_DAYS = 'api_token_default_days';

export const SETTINGS: readonly SettingDefinition[] = [
  {
    identifier: UPLOAD_LOGS,
    name: 'Upload Logs Via Harness',
    category: 'CI',
    group: null,
    valueType: 'Boolean',
    allowedValues: ['true', 'false'],
    defaultValue: 'false',
    allowedScopes: ['ACCOUNT'],
    canOverride: false,
  },
  {
    identifier: 'dbops_llm_authoring_pipeline',
    name: 'Pipeline for change authoring',
    category: 'DBOPS',
    group: null,
    valueType: 'String',
    allowedValues: null,
    defaultValue: '',
    allowedScopes: everywhere,
    canOverride: true,
  },
  {
    identifier: 'dbops_drone_image_version_override',
    name: 'Image version override',
    category: 'DBOPS',
    group: null,
    valueType: 'String',
    allowedValues: null,
    defaultValue: '',
    allowedScopes: ['ACCOUNT'],
    canOverride: false,
  },
  {
    identifier: TOKEN_DAYS,
    name: 'Days an API token lives unless it says when it ends (0: no end)',
    category: 'CORE',
    group: null,
    valueType: 'Number',
    allowedValues: null,
    defaultValue: '365',
    range: [0, 36_500],
    allowedScopes: ['ACCOUNT'],
    canOverride: false,
  },
  switchNamed('dbops_inject_database_secrets_at_runtime', 'Inject database secrets at runtime', 'DBOPS'),
  switchNamed('dbops_inject_custom_shell_script_secrets', 'Inject custom shell script secrets', 'DBOPS'),
  switchNamed(
    'provide_step_group_registry_credentials',
    'Provide step group registry credentials to execution container',
    'PMS',
  ),
];

/** Off until somebody turns it on, at any scope. */
function switchNamed(identifier: string, name: string, category: string): SettingDefinition {
  return {
    identifier,
    name,
    category,
    group: null,
    valueType: 'Boolean',
    allowedValues: ['true', 'false'],
    defaultValue: 'false',
    allowedScopes: everywhere,
    canOverride: true,
  };
}

/** Other spellings that are in use for the same setting. */
const ALIASES: Readonly<Record<string, string>> = { dbops_llm_authoring_pipeline_id: 'dbops_llm_authoring_pipeline' };

export function findSetting(identifier: string): SettingDefinition | undefined {
  return SETTINGS.find((setting) => setting.identifier === (ALIASES[identifier] ?? identifier));
}
