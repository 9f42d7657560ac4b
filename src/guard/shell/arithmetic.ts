import type { ArithmeticExpression } from "unbash";

/** What an expression reads and changes. A null is a number that is not known. */
type Numbers = {
  read(name: string): number | null;
  write(name: string, value: number | null): void;
  /** The text of an operand after its expansions, which run their commands; null where it is not known. */
  expand(operand: ArithmeticExpression): string | null;
};

const binary: Record<string, (left: bigint, right: bigint) => bigint | boolean> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
  "<<": (left, right) => left << (right & 63n),
  ">>": (left, right) => left >> (right & 63n),
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  "&": (left, right) => left & right,
  "|": (left, right) => left | right,
  "^": (left, right) => left ^ right,
  "&&": (left, right) => left !== 0n && right !== 0n,
  "||": (left, right) => left !== 0n || right !== 0n,
  ",": (_, right) => right,
};

/** Follows an arithmetic expression; both sides of `&&`, `||` and `?:` are taken, so what they assign may be lost. */
export function calculate(expression: ArithmeticExpression | undefined, numbers: Numbers): number | null {
  if (expression === undefined) return 0;
  switch (expression.type) {
    case "ArithmeticGroup":
      return calculate(expression.expression, numbers);
    case "ArithmeticTernary": {
      const test = calculate(expression.test, numbers);
      const sides = [calculate(expression.consequent, numbers), calculate(expression.alternate, numbers)];
      return test === null ? null : sides[test === 0 ? 1 : 0]!;
    }
    case "ArithmeticUnary":
      return unary(expression.operator, expression.prefix, expression.operand, numbers);
    case "ArithmeticBinary":
      return ofBoth(expression.operator, expression.left, expression.right, numbers);
    default:
      return operand(numbers.expand(expression), numbers);
  }
}

function ofBoth(
  operator: string,
  left: ArithmeticExpression,
  right: ArithmeticExpression,
  numbers: Numbers,
): number | null {
  const isAssignment = /^([-+*/%&|^]|<<|>>)?=$/.test(operator);
  if (!isAssignment) return combine(operator, calculate(left, numbers), calculate(right, numbers));
  const value = calculate(right, numbers);
  const name = left.type === "ArithmeticWord" ? left.value : "";
  const isPlain = /^\w+$/.test(name);
  if (!isPlain) numbers.expand(left);
  const result = operator === "=" ? value : combine(operator.slice(0, -1), isPlain ? numbers.read(name) : null, value);
  numbers.write(isPlain ? name : name.replace(/\[[^]*$/, ""), isPlain ? result : null);
  return result;
}

function combine(operator: string, left: number | null, right: number | null): number | null {
  const apply = binary[operator];
  if (left === null || right === null || apply === undefined) return null;
  if (right === 0 && (operator === "/" || operator === "%")) return null;
  const result = Number(apply(BigInt(left), BigInt(right)));
  return Number.isSafeInteger(result) ? result : null;
}

function unary(operator: string, isPrefix: boolean, target: ArithmeticExpression, numbers: Numbers): number | null {
  if (operator === "++" || operator === "--") {
    const name = target.type === "ArithmeticWord" ? target.value : "";
    if (!/^[A-Za-z_]\w*$/.test(name)) return null;
    const before = numbers.read(name);
    const after = before === null ? null : before + (operator === "++" ? 1 : -1);
    numbers.write(name, after);
    return isPrefix ? after : before;
  }
  const value = calculate(target, numbers);
  if (value === null) return null;
  if (operator === "-") return 0 - value;
  if (operator === "!") return value === 0 ? 1 : 0;
  return operator === "~" ? -1 - value : operator === "+" ? value : null;
}

function operand(text: string | null, numbers: Numbers): number | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (/^[A-Za-z_]\w*$/.test(trimmed)) return numbers.read(trimmed);
  return parseNumber(trimmed);
}

/** Bash's integers: decimal, octal, hexadecimal, and `base#digits` up to 36; null for everything else. */
export function parseNumber(text: string): number | null {
  if (text === "") return 0;
  const based = /^([1-9]\d?)#([0-9a-zA-Z]{1,11})$/.exec(text);
  const [radix, digits] = based
    ? [Number(based[1]), based[2]!]
    : /^0[xX][0-9a-fA-F]{1,12}$/.test(text)
      ? [16, text.slice(2)]
      : /^0[0-7]{1,16}$/.test(text)
        ? [8, text]
        : [10, text];
  if (radix === 10 && !/^-?\d{1,15}$/.test(digits)) return null;
  const areDigits = [...digits.replace("-", "")].every((digit) => parseInt(digit, 36) < radix);
  return areDigits && radix <= 36 && radix >= 2 ? parseInt(digits, radix) : null;
}
