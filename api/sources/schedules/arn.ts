/** A schedule as mappings name it: a rule of EventBridge, and behind it when it is due. */
export interface NamedSchedule {
  /** As the function is told it. */
  readonly ruleArn: string
  /** `rate(…)` or `cron(…)`, not yet read. */
  readonly expression: string
}

/** Reads `arn:aws:events:REGION:ACCOUNT:rule/NAME/EXPRESSION`; nothing when the ARN is of another form. */
export function readScheduleArn(arn: string): NamedSchedule | undefined {
  const [, ruleArn, expression] = /^(arn:[^:]+:events:[^:]*:[^:]*:rule\/[\w.-]{1,64})\/(.*)$/.exec(arn) ?? []
  return ruleArn === undefined || expression === undefined ? undefined : { ruleArn, expression }
}
