// Reads a JSON array of YAML texts from stdin and prints, for each, the documents that js-yaml sees
// the way the Control Plane client calls it, or the error.
'use strict';

const yaml = require('js-yaml');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));

const answers = texts.map((text) => {
  try {
    // An alias inside its own anchor is an error here already.
    return JSON.stringify({ documents: yaml.loadAll(text, null, { json: true }) });
  } catch (error) {
    return JSON.stringify({ error: String(error.message) });
  }
});

// Half of a surrogate pair is a text to JavaScript and to nobody else.
process.stdout.write(`[${answers.join(',')}]`.replace(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd'));
