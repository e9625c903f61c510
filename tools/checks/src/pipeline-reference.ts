import {
  FAILURE_TYPES,
  MAX_EXPRESSIONS,
  MAX_EXPRESSION_CHARACTERS,
  MAX_EXPRESSION_DEPTH,
  type Capability,
  type CapabilityPlace,
} from '@sluice/pipeline-engine';
import { CAPABILITIES, StepTypeRegistry } from '@sluice/step-types';

const EXAMPLE = `pipeline:
  identifier: deploy_orders
  name: Deploy orders
  variables:
    - { name: release, type: String, value: <+input> }
  stages:
    - stage:
        identifier: prod
        name: Production
        type: Custom
        failureStrategies:
          - onFailure: { errors: [AllErrors], action: { type: StageRollback } }
        spec:
          execution:
            steps:
              - stepGroup:
                  identifier: group
                  name: Group
                  steps:
                    - step:
                        identifier: apply
                        name: Apply
                        type: DBSchemaApply
                        timeout: 10m
                        spec: { dbSchema: orders, dbInstance: prod, tag: <+pipeline.variables.release> }
            rollbackSteps:
              - stepGroup:
                  identifier: undo
                  name: Undo
                  steps:
                    - step:
                        identifier: back
                        name: Back
                        type: DBSchemaRollback
                        spec: { dbSchema: orders, dbInstance: prod, tag: <+execution.steps.group.steps.apply.output.preStartTag> }`;

const INTRODUCTION = `# Pipeline reference

Made from \`libs/domain/step-types/src/capabilities.ts\` by \`npm run docs\`. It lists every field of pipeline YAML that Sluice reads. A key that is not here is refused with \`SCHEMA_VALIDATION_FAILED\`.

| Word | Meaning |
|---|---|
| supported | does what this page says |
| no effect | taken, because it only shapes a container or is for people; the answers to save and run name it in \`warnings\`, and the node of the execution in \`progressData.notes\` |
| refused | neither saved nor run: \`NOT_IMPLEMENTED\` (422) with line, field, value and what to write instead. Obeying it would change which SQL runs, when, or what a failure leads to. \`false\` and empty values ask for nothing and are taken |

An expression in a refused field is judged at the run, when its value is known. A pipeline that was stored before a field was refused can be read, and its run is refused.

\`\`\`yaml
${EXAMPLE}
\`\`\`

\`preStartTag\` is the tag that an apply step gave the newest row of the history before it began. On a database without a history it is empty, and the rollback step of this example then fails and says so: undo a first deployment by \`changeSetCount\`.

When a run starts, each step that a run which goes well comes to is judged with the values of its variables and inputs: one that does not fit, such as \`abc\` for \`changeSetCount\`, is refused before anything runs. Rollback steps, steps below a condition or for the outcome \`Failure\`, steps whose failure is ignored, and values that outputs of earlier steps bring, are judged at the step. The text \`3\` in a field of a number is that number. A number in a field of text is refused: put the value of the variable in quotes, because \`1.10\` without them is the number 1.1.
`;

const RUNTIME_INPUTS = `## Runtime inputs

A value that is \`<+input>\` is given when the pipeline is run: a YAML with root \`pipeline\` that repeats the way to each input, as the body of the request.

\`\`\`sh
call "$SLUICE/pipeline/api/pipeline/execute/apply_orders?$SCOPE&moduleType=DBOPS" -H 'content-type: application/yaml' --data-binary @- <<'YAML'
pipeline:
  identifier: apply_orders
  variables:
    - { name: release, type: String, value: v42 }
YAML
\`\`\`

(\`call\`, \`SLUICE\` and \`SCOPE\` are those of the [quick start](quick-start.md).) \`POST /pipeline/api/inputSets/template\` answers this YAML with every input still open. Values that are used often are kept as an input set; \`POST /pipeline/api/pipeline/execute/{identifier}/inputSetList\` runs with input sets.

- An input without a value is refused before anything runs.
- The UI keeps input sets; it cannot give inputs to a run yet.
- The command line cannot either: \`deploy\` runs a pipeline of its own, which has none. \`watch\` follows a run that was started with inputs.
`;

const EXPRESSIONS = `## Expressions

| Form | Value |
|---|---|
| \`<+input>\` | given at the run, in an input set or by \`.default(…)\`; the whole value, never inside other text |
| \`<+input>.default(x)\`, \`.allowedValues(a, b)\`, \`.selectOneFrom(a, b)\`, \`.regex(…)\` | conditions on the value. Each element of a list is judged. A value with an expression is refused under a pattern, and taken among allowed values only when the list names it |
| \`<+pipeline.variables.X>\`, \`<+stage.variables.X>\`, \`<+pipeline.stages.S.variables.X>\` | a variable |
| \`<+pipeline.identifier>\`, \`.name\`, \`.sequenceId\`, \`.executionId\`, \`.triggeredBy.name\`, \`.triggeredBy.email\` | of the execution |
| \`<+stage.identifier>\`, \`<+stage.name>\`, \`<+org.identifier>\`, \`<+project.identifier>\`, \`<+account.identifier>\` | where it runs |
| \`<+steps.S.output.X>\`, \`<+execution.steps.G.steps.S.output.X>\`, \`<+pipeline.stages.T.spec.execution.steps.G.steps.S.output.X>\` | output of a step that has ended, within the group, the stage and the pipeline. \`DBSchemaApply\` has \`preStartTag\`, \`ChangeSets\` and \`changeSets\` |
| \`<+secrets.getValue("X")>\` | a secret; only the delegate knows its value |

Values may hold expressions. Each name is looked up once in a document. A name that refers to itself, directly or through others, is refused with \`PLAN_CREATION_ERROR\`, which names the whole cycle.

| Limit of one document | Value | Error |
|---|---|---|
| expressions, those in values included | ${MAX_EXPRESSIONS.toLocaleString('en')} | \`INVALID_REQUEST\` |
| characters that expressions bring in | ${MAX_EXPRESSION_CHARACTERS.toLocaleString('en')} | \`INVALID_REQUEST\` |
| references behind one another | ${MAX_EXPRESSION_DEPTH} | \`PLAN_CREATION_ERROR\` |

\`condition\` of \`when\` takes \`==\`, \`!=\`, \`&&\`, \`||\`, \`!\`, parentheses, quoted text, numbers, \`true\`, \`false\`, \`null\` and references. Values are compared as text.
`;

/** `docs/pipeline-reference.md`. */
export function pipelineReference(): string {
  const types = new StepTypeRegistry();
  return [
    INTRODUCTION,
    section('Pipeline', 'pipeline'),
    section('Stage', 'stage'),
    section('Step group', 'stepGroup'),
    section('Step', 'step'),
    section(
      'Failure strategy',
      'failureStrategy',
      `\`failureStrategies: [{ onFailure: { errors, action } }]\` of a step, a step group or a stage. Kinds of failure: ${FAILURE_TYPES.map((type) => `\`${type}\``).join(', ')}.`,
    ),
    ...types.names.map((stepType) => section(`\`spec\` of ${stepType}`, { stepType }, types.find(stepType)?.title)),
    EXPRESSIONS,
    RUNTIME_INPUTS,
  ].join('\n');
}

function section(title: string, place: CapabilityPlace, text?: string): string {
  const rows = CAPABILITIES.filter((row) => JSON.stringify(row.place) === JSON.stringify(place));
  return [
    `## ${title}`,
    '',
    ...(text === undefined ? [] : [text, '']),
    '| Field | | What it does, or what to write instead |',
    '|---|---|---|',
    ...rows.map(line),
    '',
  ].join('\n');
}

const WORDS: Readonly<Record<Capability['support'], string>> = {
  supported: 'supported',
  warned: 'no effect',
  refused: '**refused**',
};

function line({ field, values, support, text }: Capability): string {
  const named = values ? `\`${field}\`: ${values.map((value) => `\`${value}\``).join(', ')}` : `\`${field}\``;
  return `| ${named} | ${WORDS[support]} | ${text.replaceAll('|', '\\|')} |`;
}
