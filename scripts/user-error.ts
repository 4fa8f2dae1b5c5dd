/** Something the person at the terminal can put right: shown as one line, without a stack. */
export class UserError extends Error {}

/** Runs a script's main function; a failure is printed and ends the process with exit code 1. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof UserError ? error.message : error);
    process.exit(1);
  }
}
