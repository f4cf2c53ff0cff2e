/**
 * To be called before what was asked for is printed: where that cannot be written, the program fails with a sentence. A reader that
 * has closed its end (`| head`) has all that it wants.
 */
export function failWithoutOutput() {
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`The output cannot be written: ${error.message}\n`);
    process.exit(1);
  });
}
