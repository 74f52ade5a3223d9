/** A schedule, as the ARN of a mapping names it: a rule of EventBridge, followed by its expression. */
export interface NamedSchedule {
  /** The ARN in the event. */
  readonly ruleArn: string
  /** `rate(…)` or `cron(…)`, not yet parsed. */
  readonly expression: string
}

/** Parses `arn:aws:events:REGION:ACCOUNT:rule/NAME/EXPRESSION`; undefined for an ARN of another form. */
export function readScheduleArn(arn: string): NamedSchedule | undefined {
  const [, ruleArn, expression] = /^(arn:[^:]+:events:[^:]*:[^:]*:rule\/[\w.-]{1,64})\/(.*)$/.exec(arn) ?? []
  return ruleArn === undefined || expression === undefined ? undefined : { ruleArn, expression }
}
