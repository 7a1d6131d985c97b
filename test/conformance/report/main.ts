// `npm run conformance`: which statements of the standards are shown by which tests, and enforced by which lines.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '../../support/repository.ts';
import { readCitations } from './citations.ts';
import { reportConformance } from './coverage.ts';
import { formatReport } from './listing.ts';
import { fillPage, pageFile } from './page.ts';
import { readStatements } from './statements.ts';

const help = `Reports which normative statements of MQTT 3.1.1 and 5.0 are shown by tests.

  npm run conformance                     the table and what is open; fails when something is
  npm run conformance -- --section 3.3    the statements of this section only
  npm run conformance -- --write          also brings ${pageFile} up to date
`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    section: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(help);
} else {
  const report = reportConformance(readStatements(), readCitations());
  process.stdout.write(formatReport(report, values.section));
  if (values.write) {
    const path = join(repositoryRoot, pageFile);
    writeFileSync(path, fillPage(readFileSync(path, 'utf8'), report));
  }
  process.exitCode = report.untested.length + report.unknown.length > 0 ? 1 : 0;
}
