// Import of a CSV file: chosen or dropped, looked at, sent, and what became of it.
import { h, announce, isBusy, newId, setBusy } from '../dom.js';
import { region, empty } from '../states.js';
import { failureText } from '../form.js';
import { saveBlob } from '../download.js';
import { counted, integer, percent } from '../format.js';
import { columnsOf, tables } from '../schema.js';
import { forgetSpan } from '../fleetdata.js';
import { beginningOf } from '../csv.js';
import { Importer } from '../importer.js';

const MOST_LISTED = 100;
// What identifies a row where it is not the primary key (sql/02-schema.sql).
const KEYS = { consumption: ['device_id', 'date', 'unit'] };

function choices(legend, options) {
	const name = newId('choice');
	const inputs = options.map(({ value }, i) =>
		h('input', { type: 'radio', name, value, checked: i === 0 }),
	);
	const element = h(
		'fieldset',
		{ class: 'choices' },
		h('legend', null, legend),
		options.map(({ text }, i) => h('label', null, inputs[i], h('span', null, text))),
	);
	return { element, value: () => inputs.find((input) => input.checked).value };
}

function tableChoice(page, list, tableName) {
	const id = newId('table');
	const change = () => {
		page.go({ table: select.value });
		select.value = tableName(); // another answer than yes leaves it
	};
	const select = h(
		'select',
		{ id, onchange: change },
		list.map(({ name }) => h('option', { value: name }, name)),
	);
	const label = h('label', { for: id }, 'Into the table');
	const element = h('div', { class: 'field table-choice' }, label, select);
	return { element, select };
}

// A place to drop a file on, which is a button to choose one too.
function fileDrop(page, taken) {
	const input = h('input', {
		type: 'file',
		id: newId('file'),
		accept: '.csv,text/csv',
		class: 'unseen',
		onchange: () => {
			const [file] = input.files;
			input.value = ''; // so that the same one, mended, can be chosen again
			if (file) taken(file);
		},
	});
	const label = h(
		'label',
		{ class: 'drop', for: input.id },
		h('strong', null, 'Choose a CSV file'),
		h('span', null, 'or drop one here'),
	);
	const over = (on) => (event) => {
		event.preventDefault();
		label.classList.toggle('drop-over', on);
	};
	const element = h(
		'div',
		{
			ondragover: over(true),
			ondragleave: over(false),
			ondrop: (event) => {
				over(false)(event);
				if (event.dataTransfer.files[0]) taken(event.dataTransfer.files[0]);
			},
		},
		input,
		label,
	);
	// A file that misses the place would otherwise replace the page.
	for (const name of ['dragover', 'drop'])
		addEventListener(name, (event) => event.preventDefault(), { signal: page.signal });
	return element;
}

// What is wrong with the header, as nodes; none when the table can take it.
function headerProblems(begin, columns) {
	const known = new Set(columns.map(({ name }) => name));
	const unknown = begin.columns.filter((name) => !known.has(name));
	const twice = begin.columns.filter((name, i) => begin.columns.indexOf(name) !== i);
	const has = `The table has ${columns.map(({ name }) => name).join(', ')}.`;
	if (begin.columns.length === 1 && /[;\t|]/.test(begin.columns[0]) && unknown.length)
		return [
			h('p', null, 'The fields of this file are not separated by commas.'),
			h('p', null, 'Save it with commas and choose it again.'),
		];
	return [
		twice.length > 0 && h('p', null, `The header names ${twice.join(', ')} twice.`),
		unknown.length > 0 &&
			h(
				'p',
				null,
				`The table has no column ${unknown.map((name) => `“${name}”`).join(', ')}.`,
			),
		unknown.length > 0 && h('p', null, `${has} The first line must name its columns.`),
	].filter(Boolean);
}

function missingColumns(begin, columns) {
	const missing = columns.filter(
		({ name, required, isKey }) => required && !isKey && !begin.columns.includes(name),
	);
	return (
		missing.length > 0 &&
		h(
			'p',
			{ class: 'quiet' },
			`Not in the file: ${missing.map(({ name }) => name).join(', ')}. Rows without may be rejected.`,
		)
	);
}

function previewTable(file, begin, columns) {
	const formats = new Map(columns.map(({ name, format }) => [name, format]));
	const caption = `The first rows of ${file.name}`;
	return h(
		'div',
		{ class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
		h(
			'table',
			null,
			h('caption', null, caption),
			h(
				'thead',
				null,
				h(
					'tr',
					null,
					begin.columns.map((name) =>
						h(
							'th',
							{ scope: 'col' },
							name,
							h(
								'span',
								{
									class: formats.has(name)
										? 'quiet small'
										: 'bad small',
								},
								formats.get(name) ??
									'not in the table',
							),
						),
					),
				),
			),
			h(
				'tbody',
				null,
				begin.sample.map((row) =>
					h(
						'tr',
						null,
						row.map((cell) => h('td', null, cell)),
					),
				),
			),
		),
	);
}

const keyOf = (table, columns, begin) => {
	const key = KEYS[table] ?? columns.filter(({ isKey }) => isKey).map(({ name }) => name);
	return key.length > 0 && key.every((name) => begin.columns.includes(name)) ? key : null;
};

function progressBar() {
	const bar = h('progress', { max: 1, value: 0, 'aria-label': 'Sent of the file' });
	const text = h('p', { class: 'quiet' });
	const element = h('div', { class: 'stack' }, bar, text);
	const began = performance.now();

	function tell({ total, done, written, rejected, waiting }) {
		const share = total === 0 ? 1 : done / total;
		bar.value = share;
		const seconds = (performance.now() - began) / 1000;
		const left = share > 0.02 ? Math.ceil((seconds / share) * (1 - share)) : null;
		text.textContent = waiting
			? `${waiting.error.message} Tries again in ${counted(waiting.seconds, 'second', 'seconds')}; nothing is lost.`
			: [
					`${percent(share)} sent`,
					share === 1 && written === 0 && 'the database writes it',
					written > 0 && `${integer(written)} written`,
					rejected.length > 0 &&
						`${integer(rejected.length)} rejected`,
					share < 1 &&
						left !== null &&
						`${counted(left, 'second', 'seconds')} left`,
				]
					.filter(Boolean)
					.join(', ');
	}
	return { element, tell };
}

const quiet = (text) => h('p', { class: 'quiet' }, text);

// The rows as they were in the file, which can be mended and imported; and why, by their lines.
function rejectedRows(begin, rejected) {
	const parts = [begin.header];
	for (const { bytes } of rejected) {
		parts.push(bytes);
		if (bytes.at(-1) !== 0x0a) parts.push('\n');
	}
	return parts;
}
const reasons = (rejected) => [
	'line,reason\n',
	...rejected.map(({ line, message }) => `${line},"${message.replaceAll('"', '""')}"\n`),
];

function rejectedPart(file, begin, { rejected }) {
	if (rejected.length === 0) return null;
	const saver = (text, word, parts) =>
		h(
			'button',
			{
				type: 'button',
				class: 'secondary',
				onclick: () =>
					saveBlob(
						new Blob(parts(), { type: 'text/csv' }),
						`${word}-${file.name}`,
					),
			},
			text,
		);
	return [
		h(
			'div',
			{
				class: 'scroll',
				tabindex: 0,
				role: 'region',
				'aria-label': 'Rejected rows',
			},
			h(
				'table',
				null,
				h('caption', null, 'Rejected rows'),
				h(
					'thead',
					null,
					h(
						'tr',
						null,
						h('th', { scope: 'col', class: 'number' }, 'Line'),
						h('th', { scope: 'col' }, 'Why'),
					),
				),
				h(
					'tbody',
					null,
					rejected.slice(0, MOST_LISTED).map(({ line, message }) =>
						h(
							'tr',
							null,
							h(
								'th',
								{
									scope: 'row',
									class: 'number',
								},
								integer(line),
							),
							h('td', null, message),
						),
					),
				),
			),
		),
		rejected.length > MOST_LISTED &&
			quiet(
				`And ${integer(rejected.length - MOST_LISTED)} more in the downloads.`,
			),
		h(
			'div',
			{ class: 'actions' },
			saver('Download the rejected rows', 'rejected', () =>
				rejectedRows(begin, rejected),
			),
			saver('Download lines and reasons', 'reasons', () => reasons(rejected)),
		),
	];
}

const summaryOf = ({ written, left, rejected }) =>
	`${counted(written, 'row', 'rows')} written, ${integer(rejected.length)} rejected${left > 0 ? `, ${integer(left)} left as before` : ''}`;

// What stopped it, and how far it had come.
function stopped(error, importer) {
	const { progress, keepGood } = importer;
	const byReader = error.name === 'AbortError';
	const unknown = byReader || importer.isUnknown;
	const some = keepGood && progress.line > 0;
	return h(
		'div',
		{ class: 'state problem' },
		h(
			'div',
			{ role: 'alert' },
			h(
				'p',
				{ class: 'state-title' },
				byReader ? 'Stopped' : 'The import stopped',
			),
			!byReader && failureText(error),
		),
		some &&
			h(
				'p',
				null,
				`${summaryOf(progress)}: all lines up to ${integer(progress.line)}.`,
			),
		unknown
			? h(
					'p',
					null,
					'Whether what was being sent just then was written is not known: look at the table before you send it again.',
				)
			: !some && h('p', null, 'Nothing was written.'),
	);
}

// The file once it was read: its preview, the choices, and the button.
function importForm(page, { file, table, columns, begin, signal }) {
	const problems = headerProblems(begin, columns);
	const key = keyOf(table, columns, begin);
	const bad = choices('If a row is wrong', [
		{ value: 'keep', text: 'Write the others, and list it' },
		{ value: 'none', text: 'Write nothing at all' },
	]);
	const twice =
		key &&
		choices(`If a row with its ${key.join(', ')} is there already`, [
			{ value: '', text: 'Count it as wrong' },
			{ value: 'merge', text: 'Replace what is there' },
			{ value: 'ignore', text: 'Leave what is there' },
		]);
	const result = h('div', { class: 'stack', role: 'status' });
	const button = h(
		'button',
		{ type: 'button', disabled: problems.length > 0, onclick: start },
		'Import',
	);
	const cancel = h('button', { type: 'button', class: 'secondary', hidden: true }, 'Stop');

	async function start() {
		if (isBusy(button)) return;
		const controller = new AbortController();
		const bar = progressBar();
		const importer = new Importer({
			file,
			table,
			begin,
			onConflict: key,
			duplicates: (twice && twice.value()) || null,
			keepGood: bad.value() === 'keep',
			signal: AbortSignal.any([signal, controller.signal]),
			tell: bar.tell,
		});
		cancel.onclick = () => controller.abort();
		setBusy(button, true);
		cancel.hidden = false;
		result.replaceChildren(bar.element);
		addEventListener('beforeunload', keepOpen);
		page.question = 'The import is not finished. Stop it?';
		try {
			await importer.run();
			result.replaceChildren(
				h('p', { class: 'state-title' }, summaryOf(importer.progress)),
			);
			announce(summaryOf(importer.progress));
		} catch (error) {
			result.replaceChildren(stopped(error, importer));
		}
		removeEventListener('beforeunload', keepOpen);
		page.question = null;
		const rejected = rejectedPart(file, begin, importer.progress);
		result.append(...[rejected].flat(Infinity).filter(Boolean));
		forgetSpan();
		setBusy(button, false);
		if (document.activeElement === cancel) button.focus();
		cancel.hidden = true;
	}
	return [
		previewTable(file, begin, columns),
		problems.length > 0
			? h('div', { class: 'state problem', role: 'alert' }, problems)
			: missingColumns(begin, columns),
		h('div', { class: 'controls controls-top' }, bad.element, twice?.element),
		h('div', { class: 'actions' }, button, cancel),
		result,
	];
}

// A reader who leaves in the middle is asked first.
function keepOpen(event) {
	event.preventDefault();
}

export function show(page) {
	const outer = region(page, { lines: 5 });
	page.main.append(
		h('h1', { tabindex: -1 }, 'Import'),
		h('p', { class: 'lead' }, 'Rows of a CSV file, written into a table.'),
		outer.element,
	);
	let inner = null;
	let select = null;
	let chosen = null;

	const tableName = () => page.route.query.get('table') ?? select.options[0].value;
	const look = () => chosen && inner.load((signal) => drawFile(chosen, signal));

	async function drawFile(file, signal) {
		const table = tableName();
		const columns = await columnsOf(table);
		if (columns === null)
			return empty(`There is no table “${table}”`, 'Choose another one.');
		let begin;
		try {
			begin = await beginningOf(file);
		} catch (error) {
			return h(
				'div',
				{ class: 'state problem', role: 'alert' },
				h('p', { class: 'state-title' }, `${file.name} cannot be imported`),
				h('p', null, error.message),
			);
		}
		signal.throwIfAborted();
		announce(`${file.name} read`);
		return h(
			'section',
			{ class: 'card' },
			importForm(page, { file, table, columns, begin, signal }),
		);
	}

	async function draw() {
		const writable = (await tables()).filter(({ methods }) => methods.includes('post'));
		if (writable.length === 0)
			return empty(
				'You may not write into any table',
				h('a', { href: '#/sign-in?back=%23%2Fimport' }, 'Sign in'),
				' as somebody who may.',
			);
		const choice = tableChoice(page, preferred(writable), tableName);
		select = choice.select;
		select.value = tableName();
		inner = region(page, { label: 'File', waits: true });
		const taken = (file) => {
			if (!page.mayLeave()) return;
			chosen = file;
			look();
		};
		return [
			h('section', { class: 'card' }, choice.element, fileDrop(page, taken)),
			inner.element,
		];
	}
	outer.load(draw);
	return () => {
		if (!select) return;
		select.value = tableName();
		look();
	};
}

// Readings are what is imported most.
const preferred = (list) =>
	list.toSorted((a, b) => Number(b.name in KEYS) - Number(a.name in KEYS));
