/* In place of the file of this name in swagger-ui-dist: shows the document at the API's root. */
"use strict";

window.addEventListener("load", () => {
	window.ui = SwaggerUIBundle({
		url: "../../",
		dom_id: "#swagger-ui",
		deepLinking: true,
		presets: [SwaggerUIBundle.presets.apis],
		validatorUrl: null, // nobody else hears of what is here
	});
});
