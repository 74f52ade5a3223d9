import { ESLintUtils } from '@typescript-eslint/utils'
import ts from 'typescript'

/**
 * A table that is a plain object has the members of Object, too: `routes['constructor']` is a function, and an assignment to
 * `__proto__` changes the table. Outside input must not reach them: a table is a Map, or its members are asked for with
 * `Object.hasOwn(table, key) ? table[key] : …`.
 */
export const ownMembers = ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      inherited:
        'A key such as `constructor` or `__proto__` finds what a plain object inherits. Make the table a Map, or ask `Object.hasOwn({{table}}, {{key}})` first.',
    },
  },
  defaultOptions: [],
  create(context) {
    const services = ESLintUtils.getParserServices(context)
    const checker = services.program.getTypeChecker()
    const textOf = (node) => context.sourceCode.getText(node)
    const isTable = (node) => {
      const type = checker.getNonNullableType(services.getTypeAtLocation(node))
      return checker.getIndexInfosOfType(type).some(({ keyType }) => (keyType.flags & ts.TypeFlags.String) !== 0)
    }
    const isAnyText = (node) => {
      const type = services.getTypeAtLocation(node)
      const parts = type.isUnion() ? type.types : [type]
      return parts.some(
        ({ flags }) => (flags & (ts.TypeFlags.StringLike | ts.TypeFlags.Any)) !== 0 && !isLiteral(flags),
      )
    }
    return {
      MemberExpression(node) {
        const { object, property, computed } = node
        const [table, key] = [textOf(object), textOf(property)]
        if (!computed || property.type === 'Literal' || table === 'process.env') return
        if (!isAnyText(property) || !isTable(object)) return
        if (!isGuarded(node, `Object.hasOwn(${table}, ${key})`, textOf))
          context.report({ node, messageId: 'inherited', data: { table, key } })
      },
    }
  },
})

function isLiteral(flags) {
  return (flags & ts.TypeFlags.StringLiteral) !== 0
}

/** Whether the expression runs only where the guard was true. */
function isGuarded(node, guard, textOf) {
  for (let inner = node, outer = node.parent; outer; inner = outer, outer = outer.parent) {
    const isChosen = outer.type === 'ConditionalExpression' && outer.consequent === inner
    const isReached = outer.type === 'LogicalExpression' && outer.operator === '&&' && outer.right === inner
    const test = isChosen ? outer.test : isReached ? outer.left : undefined
    if (test !== undefined && textOf(test).includes(guard)) return true
  }
  return false
}
