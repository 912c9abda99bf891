import { usage } from './usage.ts'

/** The value of `--input`. @throws RedriveError `E_USAGE` */
export function parseInput(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw usage(`--input is not JSON: ${(error as SyntaxError).message}. Quote it for the shell, as in '{"total":42}'.`)
  }
}
