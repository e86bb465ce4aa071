// Reads a JSON array of YAML texts from stdin and prints, for each, the documents that js-yaml sees
// the way the Control Plane client calls it, or with the argument `yaml` those that the package of
// this name sees, or the error.
'use strict';

const yaml = require('js-yaml');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));

const eemeli = process.argv[2] === 'yaml' && require('yaml');

function load(text) {
  if (!eemeli) return yaml.loadAll(text, null, { json: true });
  const documents = eemeli.parseAllDocuments(text, { uniqueKeys: false, merge: true, logLevel: 'silent' });
  return Array.from(documents, (document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS({ maxAliasCount: -1 });
  });
}

const answers = texts.map((text) => {
  try {
    // An alias inside its own anchor is an error here already.
    return JSON.stringify({ documents: load(text) });
  } catch (error) {
    return JSON.stringify({ error: String(error.message) });
  }
});

// Half of a surrogate pair is a text to JavaScript and to nobody else.
process.stdout.write(`[${answers.join(',')}]`.replace(/\\ud[89a-f][0-9a-f]{2}/gi, '\\ufffd'));
