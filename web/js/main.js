import { h } from './dom.js';
import { startTheme } from './theme.js';
import { startRouter, href, reopen } from './router.js';
import { session } from './session.js';
import { views } from './views.js';

const main = document.getElementById('main');

document.getElementById('menu').append(
	...views
		.filter((view) => view.menu)
		.map((view) =>
			h(
				'li',
				null,
				h(
					'a',
					{ href: href(view.name), 'data-view': view.name },
					view.title,
				),
			),
		),
);

// The hash is the route, so the link to #main must not become one.
document.getElementById('skip').addEventListener('click', (event) => {
	event.preventDefault();
	main.focus();
});

startTheme(document.getElementById('theme'));
session.addEventListener('change', reopen);
startRouter(main);
