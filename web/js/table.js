// Tables of numbers, long ones in parts.
import { h } from './dom.js';
import { integer } from './format.js';

const PART = 120;

// Where somebody reads on who asked for more rows.
export function focusRow(row) {
	if (!row) return;
	row.cells[0].tabIndex = -1;
	row.cells[0].focus();
}

// columns: [{ title, number, cell(row) }]; cell gives text or nodes, the first one a row's header.
export function numbersTable(caption, columns, list) {
	const body = h('tbody');
	const more = h('button', { type: 'button', class: 'secondary' });
	let shown = 0;
	const cellOf = ({ number, cell }, row, i) =>
		h(
			i === 0 ? 'th' : 'td',
			{ scope: i === 0 && 'row', class: number && 'number' },
			cell(row),
		);
	const add = (count) => {
		body.append(
			...list.slice(shown, shown + count).map((row) =>
				h(
					'tr',
					null,
					columns.map((column, i) => cellOf(column, row, i)),
				),
			),
		);
		shown = body.rows.length;
		more.hidden = shown >= list.length;
		more.textContent = `Show all ${integer(list.length)} rows`;
	};
	more.addEventListener('click', () => {
		const at = shown;
		add(Infinity);
		focusRow(body.rows[at]);
	});
	add(list.length > PART * 1.5 ? PART : Infinity);
	return h(
		'div',
		null,
		h(
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
						columns.map(({ title, number }) =>
							h(
								'th',
								{
									scope: 'col',
									class: number && 'number',
								},
								title,
							),
						),
					),
				),
				body,
			),
		),
		more,
	);
}
