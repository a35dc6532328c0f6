// Shows the OpenAPI document; the library comes with the package fastapi-offline.

SwaggerUIBundle({ url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });
