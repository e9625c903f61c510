export const UI_MISSING_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sluice</title>
<h1>The user interface is not built</h1>
<p>Run <code>npm run build</code> and start Sluice again. The API works meanwhile: see <a href="/gateway/docs/">its documentation</a>.</p>
</html>
`;

export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Sluice API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" type="image/png" href="favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;

/** Try-it-out of every service, with the key typed under "Authorize". */
export const DOCS_SCRIPT = (services: readonly string[]): string => `const services = ${JSON.stringify(services)};
const asked = new URLSearchParams(location.search).get('service');
fetch('openapi/' + (services.includes(asked) ? asked : services[0]) + '.json')
  .then((response) => response.json())
  .then((spec) => {
    window.ui = SwaggerUIBundle({ spec, dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null, docExpansion: 'none', tryItOutEnabled: true, persistAuthorization: false });
    const links = document.createElement('p');
    links.style.padding = '0 20px';
    for (const service of services) {
      const link = document.createElement('a');
      link.href = '?service=' + encodeURIComponent(service);
      link.textContent = service;
      link.style.marginRight = '1em';
      links.append(link);
    }
    document.body.prepend(links);
  })
  .catch((cause) => {
    document.getElementById('swagger-ui').textContent = 'The documentation of this service cannot be loaded: ' + cause.message;
  });
`;
