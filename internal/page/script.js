'use strict';
// Everything here adds to a page that is complete without it: filters, copying,
// and the evidence, which is drawn only when it is unfolded. Text from builds is
// inserted as text, never as markup.
document.documentElement.classList.add('scripted');

const make = (tag, className, ...content) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content.filter((part) => part !== null && part !== undefined));
  return element;
};

const seconds = (n) => `${n.toFixed(1)} s`;
const plural = (n, one, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;

// size puts a number of bytes into words.
const size = (n) => {
  if (n < 1000) return plural(n, 'byte');
  if (n < 1000000) return `${(n / 1000).toFixed(1)} kB`;
  return `${(n / 1000000).toFixed(1)} MB`;
};

// The archive: all evidence, compressed. It is unpacked once, when it is first
// needed.
let unpacked;
const archive = () => {
  unpacked ??= unpack(document.getElementById('archive').textContent.trim());
  return unpacked;
};

async function unpack(base64) {
  if (!('DecompressionStream' in window)) throw new Error('this browser cannot unpack it');
  const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return JSON.parse(await new Response(stream).text());
}

// showEvidence fills an unfolded part. Each try of a claim has its own.
async function showEvidence(details) {
  if (details.dataset.shown) return;
  details.dataset.shown = 'yes';
  const content = details.querySelector('.content');
  const id = details.closest('.claim').id;
  const column = Number(details.closest('.run').dataset.column);
  const number = Number(details.dataset.try);
  try {
    const all = await archive();
    const bases = JSON.parse(document.getElementById('archive').dataset.bases);
    const drawing = new Drawing(all.texts, bases[column]);
    const first = all.claims[id][column];
    content.replaceChildren(...drawing.cell(number ? first.again[number - 1] : first));
  } catch (problem) {
    content.replaceChildren(make('p', 'aside', `The evidence cannot be shown: ${problem.message}. It lies in the folder that is named above.`));
  }
}

// Drawing turns what the archive says about one claim in one run into elements.
class Drawing {
  constructor(texts, base) {
    this.texts = texts;
    this.base = base;
  }

  text(index) { return index < 0 ? '' : this.texts[index]; }

  cell(cell) {
    const telling = this.telling(cell);
    const commands = cell.commands.map((command, i) => this.command(command, i, telling.has(i)));
    return [...commands, ...cell.notes.map((note) => this.note(note))];
  }

  // telling are the commands of a failed claim that are likely to say why:
  // the last build, and what failed. They leave out requests for logs of
  // containers that were already gone.
  telling(cell) {
    if (!cell.failed) return new Set();
    const numbers = [...cell.commands.keys()];
    const builds = numbers.filter((i) => cell.commands[i].steps);
    const failed = numbers.filter((i) => cell.commands[i].exit !== 0 && !this.text(cell.commands[i].line).startsWith('docker logs '));
    return new Set([...builds.slice(-1), ...failed.slice(-3)]);
  }

  // note is a text that no command printed, such as the log of a builder.
  note(note) {
    const name = this.text(note.path).split('/').pop();
    const summary = make('summary', '', make('span', 'time', ''), make('span', 'exit', ''), make('code', '', name));
    return foldedLazily(summary, () => [this.output(name, note)].filter(Boolean));
  }

  command(command, i, open) {
    const line = this.text(command.line);
    const exit = command.timedOut ? 'timed out' : `exit ${command.exit}`;
    const summary = make('summary', '',
      make('span', 'time', String(i + 1)),
      make('span', 'exit', command.exit === 0 && !command.timedOut ? '' : exit),
      make('code', '', line.replace(everywhere, '')),
      make('span', 'time', seconds(command.seconds)));
    const details = foldedLazily(summary, () => this.inside(command, line));
    details.open = open;
    return details;
  }

  inside(command, line) {
    const whole = this.text(command.paste) || line;
    const parts = [
      copyable(whole, 'Copy the command'),
      command.steps ? this.timeline(command) : null,
      ...(command.steps ?? []).filter((step) => step.log).map((step) => this.log(step)),
      this.output('standard output', command.stdout),
      this.output('standard error', command.stderr),
    ].filter(Boolean);
    if (parts.length === 1) parts.push(make('p', 'label', 'It printed nothing.'));
    if (usesBuilder(whole)) parts.push(make('p', 'label', 'The run took its builders away: to repeat this, paste the line with docker buildx create first.'));
    return parts;
  }

  // log is what a step printed; the log of a failed step is open.
  log(step) {
    const summary = make('summary', '', make('span', 'time', ''), make('span', 'exit', ''), make('code', '', this.text(step.name)));
    const details = foldedLazily(summary, () => [this.output('what the step printed', step.log)].filter(Boolean));
    details.open = step.error >= 0;
    return details;
  }

  // output shows a text; if something was left out it says how much, and where
  // the whole is.
  output(name, text) {
    const head = this.text(text.head);
    const tail = this.text(text.tail);
    if (!head && !tail && !text.gap) return null;
    const box = make('div', '', make('p', 'label', name));
    if (head) box.append(pre(head, name));
    if (text.gap) box.append(this.gap(text));
    if (tail) box.append(pre(tail, name));
    return box;
  }

  gap(text) {
    const path = this.text(text.path);
    const where = make('a', '', path);
    where.href = this.base + path.split('/').map(encodeURIComponent).join('/');
    return make('p', 'gap', `… ${size(text.gap)} left out; all of it is in `, this.base ? where : path);
  }

  timeline(command) {
    const steps = command.steps;
    const ends = steps.flatMap((step) => [step.begin, step.end]);
    const total = Math.max(1, ...ends);
    const cached = steps.filter((step) => step.cached).length;
    const caption = [plural(steps.length + (command.hidden ?? 0), 'step'), `${cached} cached`, seconds(total / 1000)].join(', ');
    const list = make('ol', '', ...steps.map((step) => this.step(step, total)));
    const hidden = command.hidden ? make('p', 'gap', `${plural(command.hidden, 'further step')} left out`) : null;
    return make('figure', 'timeline', make('figcaption', '', `Timeline: ${caption}`), list, hidden);
  }

  step(step, total) {
    const began = step.begin >= 0;
    const error = this.text(step.error);
    const kind = error ? 'bad' : step.cached ? 'cached' : began ? '' : 'idle';
    const bar = make('span', 'bar');
    const end = step.end < 0 ? total : step.end;
    bar.style.left = `${Math.min(99, (step.begin / total) * 100)}%`;
    bar.style.width = `${Math.min(100, ((end - step.begin) / total) * 100)}%`;
    const name = this.text(step.name) || 'step without a name';
    const sent = step.sent ? `, ${size(step.sent)} sent` : '';
    const row = make('li', kind,
      make('span', 'name', name.replace(digests, '$1…') + sent),
      make('span', 'track', began ? bar : null),
      make('span', 'span', this.took(step)));
    row.querySelector('.name').title = name;
    if (error) row.append(make('span', 'why', error));
    return row;
  }

  took(step) {
    if (step.cached) return 'cached';
    if (step.begin < 0) return 'not run';
    if (step.end < 0) return 'no end';
    return `${((step.end - step.begin) / 1000).toFixed(2)} s`;
  }
}

// everywhere are options that every build has: in a list they would hide the
// others.
const everywhere = / --progress=rawjson| --metadata-file \S+/g;

// digests are shown by their beginning; the whole name is in the tooltip.
const digests = /(@sha256:[0-9a-f]{12})[0-9a-f]{52}/g;

// foldedLazily is a folded part whose content is made when it is unfolded.
const foldedLazily = (summary, content) => {
  const details = make('details', 'command', summary);
  details.addEventListener('toggle', () => {
    if (details.childElementCount === 1) details.append(make('div', 'inner', ...content()));
  });
  return details;
};

// scrollable is a named element that the keyboard can reach, which is required
// of anything that may be too long to be seen whole.
const scrollable = (element, name) => {
  element.tabIndex = 0;
  element.setAttribute('role', 'group');
  element.setAttribute('aria-label', name);
  return element;
};

const pre = (text, name) => scrollable(make('pre', 'output', text), name);

// usesBuilder reports whether a command needs a builder that only its run had.
const usesBuilder = (line) => !line.includes(' buildx create ') && / (buildx_buildkit_)?builders-[0-9a-f]{8}-/.test(line);

const copyable = (text, label) => {
  const button = make('button', 'copy', 'Copy');
  button.type = 'button';
  button.setAttribute('aria-label', label);
  return make('div', 'copyable', scrollable(make('code', '', text), 'command'), button);
};

// copy copies the code next to a button. Pages that were not fetched securely
// have no clipboard; there the selection is copied.
async function copy(button) {
  const code = button.parentElement.querySelector('code');
  const done = await copyText(code);
  button.textContent = done ? 'Copied' : 'Select';
  say(done ? 'Copied' : 'Copying is not possible here; the text is selected');
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

async function copyText(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand('copy');
  }
}

const say = (text) => { document.getElementById('said').textContent = text; };

// Filters.
class Filters {
  constructor() {
    this.text = document.getElementById('filter-text');
    this.chapter = document.getElementById('filter-chapter');
    this.form = this.text.form;
    this.claims = [...document.querySelectorAll('.claim')].map((element) => ({
      element, ...element.dataset, words: element.textContent.toLowerCase(),
    }));
    this.folds = [...document.querySelectorAll('.chapter:not(.shapes, .course)')];
    // before is how the chapters were folded when the first filter was set.
    this.before = null;
    this.form.addEventListener('input', () => this.apply());
    this.form.addEventListener('submit', (event) => event.preventDefault());
    this.apply();
  }

  chosen(name) {
    return [...this.form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value);
  }

  apply() {
    const want = {
      words: this.text.value.toLowerCase().split(/\s+/).filter(Boolean),
      chapter: this.chapter.value,
      verdicts: this.chosen('verdict'),
      classes: this.chosen('class'),
    };
    let shown = 0;
    for (const claim of this.claims) {
      claim.element.hidden = !passes(claim, want);
      shown += claim.element.hidden ? 0 : 1;
    }
    this.active = Boolean(want.words.length || want.chapter || want.verdicts.length || want.classes.length);
    this.fold();
    const all = this.claims.length;
    document.getElementById('shown').textContent = this.active ? `${shown} of ${plural(all, 'claim')}` : plural(all, 'claim');
    document.getElementById('nothing').hidden = shown > 0;
  }

  // fold hides what is empty and opens chapters in which something was found.
  fold() {
    for (const group of document.querySelectorAll('.group:not(:has(.shapes))')) {
      group.hidden = !group.querySelector('.claim:not([hidden])');
    }
    if (this.active && !this.before) this.before = this.folds.map((chapter) => chapter.open);
    this.folds.forEach((chapter, i) => {
      const found = Boolean(chapter.querySelector('.claim:not([hidden])'));
      chapter.hidden = this.active && !found;
      if (this.active) chapter.open = found;
      else if (this.before) chapter.open = this.before[i];
    });
    if (!this.active) this.before = null;
    document.getElementById('rest-title').hidden = this.folds.every((chapter) => chapter.hidden || chapter.closest('.group'));
  }

  clear() {
    this.form.reset();
    this.apply();
  }
}

function passes(claim, want) {
  const verdicts = claim.verdicts.split(' ');
  return want.words.every((word) => claim.words.includes(word))
    && (!want.chapter || claim.chapter === want.chapter)
    && (!want.verdicts.length || want.verdicts.some((verdict) => verdicts.includes(verdict)))
    && (!want.classes.length || want.classes.includes(claim.class));
}

// unfoldAll opens every claim that the filters show, or closes all.
function unfoldAll(button) {
  const unfold = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(unfold));
  button.textContent = unfold ? 'Fold all' : 'Unfold all';
  for (const part of document.querySelectorAll('.chapter, .claim')) {
    if (!part.hidden) part.open = unfold;
  }
}

// follow opens what the address points at, even if the filters hide it.
function follow(filters) {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.closest('[hidden]')) filters.clear();
  for (let part = target; part; part = part.parentElement) {
    if (part.tagName === 'DETAILS') part.open = true;
  }
  target.scrollIntoView();
}

// point says in a line which claim of a timeline is pointed at or has the focus.
function point(event) {
  const bar = event.target.closest?.('.course a');
  if (bar) bar.closest('figure').querySelector('.at').textContent = bar.textContent;
}

// On paper nothing can be unfolded, so chapters are printed open.
function printing() {
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('.chapter:not([open])')];
    closed.forEach((chapter) => { chapter.open = true; });
  });
  addEventListener('afterprint', () => closed.forEach((chapter) => { chapter.open = false; }));
}

function keys(filters) {
  addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filters.text.focus();
      filters.text.select();
    }
    if (event.key === 'Escape' && filters.active) filters.clear();
  });
}

document.addEventListener('DOMContentLoaded', () => {
  const filters = new Filters();
  keys(filters);
  printing();
  document.addEventListener('toggle', (event) => {
    if (event.target.matches('.evidence[open]')) showEvidence(event.target);
  }, true);
  document.addEventListener('pointerover', point);
  document.addEventListener('focusin', point);
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.matches('.copy')) copy(button);
    if (button?.id === 'unfold') unfoldAll(button);
  });
  addEventListener('hashchange', () => follow(filters));
  follow(filters);
});
