// Holds documents, one a line, against the schema of a file with `ajv`, strictly: a schema with a keyword
// that it does not know is refused. Answers each with a JSON string, empty for a good one.
'use strict';

const fs = require('fs');
const Ajv = require('ajv');

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const validate = ajv.compile(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
const lines = fs.readFileSync(0, 'utf8').split('\n').filter(Boolean);
const answers = lines.map((line) => {
  const good = validate(JSON.parse(line));
  return JSON.stringify(good ? '' : ajv.errorsText(validate.errors));
});
process.stdout.write(answers.map((answer) => `${answer}\n`).join(''));
