import { h } from './dom.js';
import { startTheme } from './theme.js';
import { startRouter, href, navigate, reopen } from './router.js';
import { session } from './session.js';
import { views } from './views.js';
import { startSignedIn } from './signedin.js';
import { hasFleet } from './schema.js';

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

// Where the schema is not ours, what it has is shown. Not awaited: our own views open at once.
async function offerWhatThereIs() {
	const ours = await hasFleet();
	for (const view of views.filter(({ menu, fleet }) => menu && fleet))
		document.querySelector(`#menu [data-view="${view.name}"]`).parentElement.hidden =
			!ours;
	if (!ours && /^#?\/?$/.test(location.hash)) navigate(href('explore'), true);
}
const offer = () => offerWhatThereIs().catch(() => {}); // the view says what is wrong

startTheme(document.getElementById('theme'));
startSignedIn(document.getElementById('tools'));
session.addEventListener('change', offer);
session.addEventListener('change', reopen);
startRouter(main);
offer();
