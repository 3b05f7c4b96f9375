// Any schema: the tables that the OpenAPI document names, and the rows of one of them.
import { h, announce, newId } from '../dom.js';
import { href } from '../router.js';
import { ask, containing, csv, nextOf } from '../api.js';
import { region, empty } from '../states.js';
import { downloadButton } from '../download.js';
import { counted, integer } from '../format.js';
import { columnsOf, schemaDocument, tables } from '../schema.js';

const PAGE_SIZE = 50;
const LONGEST_CELL = 200;
// value: null where the operator needs none.
const OPERATORS = [
	{ name: 'eq', text: 'is' },
	{ name: 'neq', text: 'is not' },
	{ name: 'gt', text: 'is greater than' },
	{ name: 'gte', text: 'is at least' },
	{ name: 'lt', text: 'is less than' },
	{ name: 'lte', text: 'is at most' },
	{ name: 'ilike', text: 'has in it', condition: containing },
	{ name: 'is', text: 'is null', value: null, write: 'is.null' },
	{ name: 'not', text: 'is not null', value: null, write: 'not.is.null' },
];

// As the API reads the name of a column (doc: "Tables and views", reserved characters).
const PLAIN = /^[\p{L}_][\p{L}\p{N}_$]*$/u;
const columnName = (name) => (PLAIN.test(name) ? name : `"${name.replace(/[\\"]/g, '\\$&')}"`);

// --- the tables ---

async function drawTables() {
	const [list, { info }] = [await tables(), await schemaDocument()];
	if (list.length === 0)
		return empty(
			'You may see no tables',
			h('a', { href: '#/sign-in?back=%23%2Fexplore' }, 'Sign in'),
			' as somebody who may.',
		);
	return [
		info?.title && h('p', { class: 'lead' }, info.title),
		h(
			'ul',
			{ class: 'tables' },
			list.map(({ name, about }) =>
				h(
					'li',
					{ class: 'card' },
					h(
						'h2',
						null,
						h('a', { href: href('explore', [name]) }, name),
					),
					about && h('p', { class: 'quiet' }, about),
				),
			),
		),
	];
}

// --- the rows of one ---

// The filters of the route: where=title=ilike.*a*&price=gt.5, as the API writes them.
const filtersOf = (query) => [...new URLSearchParams(query.get('where') ?? '')];
const whereOf = (filters) => (filters.length ? new URLSearchParams(filters).toString() : null);

function orderOf(query, columns) {
	const asked = query.get('order');
	const column = asked?.replace(/\.desc$/, '');
	const keys = columns.filter(({ isKey }) => isKey).map(({ name }) => columnName(name));
	const descending = asked !== null && asked !== column;
	if (!columns.some(({ name }) => name === column))
		return { column: null, descending: false, text: keys.join(',') || null };
	// with the key behind it, so that pages can follow each other
	const first = columnName(column);
	const rest = keys.filter((key) => key !== first);
	return {
		column,
		descending,
		text: [`${first}${descending ? '.desc' : ''}`, ...rest].join(','),
	};
}

// The text of a number is kept where JavaScript's number would lose digits of it.
function parseExactly(text) {
	return JSON.parse(text, (key, value, context) =>
		typeof value === 'number' && context?.source && String(value) !== context.source
			? context.source
			: value,
	);
}

function filterForm(page, columns) {
	const [columnId, operatorId, valueId] = ['column', 'operator', 'value'].map(newId);
	const column = h(
		'select',
		{ id: columnId },
		columns.map(({ name }) => h('option', { value: name }, name)),
	);
	const operator = h(
		'select',
		{ id: operatorId, onchange: () => (value.disabled = chosen().value === null) },
		OPERATORS.map(({ name, text }) => h('option', { value: name }, text)),
	);
	const value = h('input', { id: valueId, autocomplete: 'off' });
	const chosen = () => OPERATORS.find(({ name }) => name === operator.value);
	const add = (event) => {
		event.preventDefault();
		const { name, condition, write } = chosen();
		const text = write ?? (condition?.(value.value) || `${name}.${value.value}`);
		const filters = [...filtersOf(page.route.query), [columnName(column.value), text]];
		value.value = '';
		page.go({ where: whereOf(filters), after: null, page: null });
	};
	const labelled = (id, text, control) =>
		h('div', { class: 'field' }, h('label', { for: id }, text), control);
	return h(
		'form',
		{ class: 'controls', onsubmit: add, 'aria-label': 'Filter' },
		labelled(columnId, 'Column', column),
		labelled(operatorId, 'Condition', operator),
		labelled(valueId, 'Value', value),
		h('button', { type: 'submit', class: 'secondary' }, 'Add filter'),
	);
}

function filterText([column, condition]) {
	const operator = OPERATORS.find(({ name, write }) =>
		write ? condition === write : condition.startsWith(`${name}.`),
	);
	if (!operator) return `${column} ${condition}`;
	if (operator.write) return `${column} ${operator.text}`;
	const value = condition.slice(operator.name.length + 1);
	const typed = operator.condition ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
	return `${column} ${operator.text} ${typed}`;
}

function filterChips(page) {
	const filters = filtersOf(page.route.query);
	return h(
		'ul',
		{ class: 'chips', 'aria-label': 'Filters' },
		filters.map((filter, at) =>
			h(
				'li',
				{ class: 'chip-item' },
				filterText(filter),
				h(
					'button',
					{
						type: 'button',
						class: 'chip-remove',
						'aria-label': `Remove the filter ${filterText(filter)}`,
						onclick: () =>
							page.go({
								where: whereOf(
									filters.filter(
										(_, i) => i !== at,
									),
								),
								after: null,
								page: null,
							}),
					},
					'×',
				),
			),
		),
	);
}

const isNumber = ({ type }) => type === 'number' || type === 'integer';

function cellText(value) {
	if (value === null || value === undefined) return h('span', { class: 'quiet' }, 'null');
	const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
	return text.length > LONGEST_CELL
		? h(
				'details',
				{ class: 'long-cell' },
				h('summary', null, `${text.slice(0, LONGEST_CELL)}…`),
				text,
			)
		: text;
}

function columnHeader(page, column, order) {
	const active = order.column === column.name;
	const next = active && !order.descending ? `${column.name}.desc` : column.name;
	const click = () => page.go({ order: next, after: null, page: null });
	return h(
		'th',
		{
			scope: 'col',
			class: isNumber(column) && 'number',
			title: column.about || null,
			'aria-sort': active && (order.descending ? 'descending' : 'ascending'),
		},
		h(
			'button',
			{
				type: 'button',
				class: 'sort',
				'data-focus': `sort ${column.name}`,
				onclick: click,
			},
			column.name,
			h(
				'span',
				{ class: 'sort-mark', 'aria-hidden': 'true' },
				active ? (order.descending ? '↓' : '↑') : '',
			),
		),
		h('span', { class: 'quiet small' }, column.format),
	);
}

function rowsTable(page, { table, columns, order, list, caption }) {
	return h(
		'div',
		{ class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Rows of ${table}` },
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
					columns.map((column) => columnHeader(page, column, order)),
				),
			),
			h(
				'tbody',
				null,
				list.map((row) =>
					h(
						'tr',
						null,
						columns.map((column) =>
							h(
								'td',
								{
									class:
										isNumber(column) &&
										'number',
								},
								cellText(row[column.name]),
							),
						),
					),
				),
			),
		),
	);
}

// By the key where the answer says how, else by number.
function pagerOf(page, { more, count, total }) {
	const at = Number(page.route.query.get('page') ?? 0);
	const isLast = total !== null ? at * PAGE_SIZE + count >= total : count < PAGE_SIZE;
	const first = !page.route.query.has('after') && at === 0;
	const go = (text, changes) =>
		h(
			'button',
			{
				type: 'button',
				class: 'secondary',
				'data-focus': text,
				onclick: () => page.go(changes),
			},
			text,
		);
	const next = more !== null ? { after: more, page: at + 1 } : { after: null, page: at + 1 };
	return h(
		'nav',
		{ class: 'pager', 'aria-label': 'Pages' },
		!first && go('First page', { after: null, page: null }),
		!isLast && go('Next page', next),
	);
}

function queryOf(route, columns) {
	const order = orderOf(route.query, columns);
	const after = route.query.get('after');
	const number = Number(route.query.get('page') ?? 0);
	return {
		order,
		filters: filtersOf(route.query),
		paging: {
			order: order.text,
			limit: PAGE_SIZE,
			after,
			offset: after === null && number > 0 ? number * PAGE_SIZE : null,
		},
	};
}

const pathOf = (table, filters) =>
	`${encodeURIComponent(table)}${filters.length ? `?${new URLSearchParams(filters)}` : ''}`;

async function drawRows(page, table, columns, signal) {
	const { order, filters, paging } = queryOf(page.route, columns);
	const response = await ask(pathOf(table, filters), {
		query: paging,
		headers: { Prefer: 'count=planned' },
		signal,
	});
	const list = parseExactly(await response.text());
	signal.throwIfAborted();
	const total = Number((response.headers.get('Content-Range') ?? '').split('/')[1]);
	const exact = list.length < PAGE_SIZE && !paging.offset && !paging.after;
	const caption = exact
		? counted(list.length, 'row', 'rows')
		: `${integer(list.length)} rows of about ${integer(Number.isNaN(total) ? list.length : total)}`;
	announce(caption);
	return [
		filterChips(page),
		list.length === 0
			? empty('No rows', filters.length > 0 && 'Nothing meets these filters.')
			: rowsTable(page, { table, columns, order, list, caption }),
		pagerOf(page, { more: nextOf(response), count: list.length, total: null }),
		h(
			'div',
			{ class: 'actions' },
			downloadButton(
				'Download all as CSV',
				`${table}.csv`,
				(stop) => csv(pathOf(table, filters), { order: order.text }, stop),
				signal,
			),
		),
	];
}

function showTable(page, table) {
	const place = region(page, { label: `Rows of ${table}`, lines: 8 });
	const settings = h('div', { class: 'card settings' });
	page.setTitle(table);
	page.main.append(
		h('p', { class: 'crumbs' }, h('a', { href: href('explore') }, 'Tables')),
		h('h1', { tabindex: -1 }, table),
		settings,
		place.element,
	);
	const update = () =>
		place.load(async (signal) => {
			const columns = await columnsOf(table);
			settings.hidden = columns === null;
			if (columns === null)
				return empty(
					`There is no table “${table}”`,
					'Or you may not see it. ',
					h('a', { href: href('explore') }, 'See what there is'),
				);
			if (settings.childElementCount === 0)
				settings.append(filterForm(page, columns));
			return drawRows(page, table, columns, signal);
		});
	update();
	return update;
}

export function show(page) {
	const [table] = page.route.args;
	if (table !== undefined) return showTable(page, table);
	const place = region(page, { lines: 6 });
	page.main.append(h('h1', { tabindex: -1 }, 'Tables'), place.element);
	place.load(drawTables);
	return undefined;
}
